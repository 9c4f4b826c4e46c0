"""The dashboard's rooms, a row each, in the order of the menu. A room is a folder of `pages` with a `page.py` in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bcos_core.access.table import Action
from bcos_core.home import CHECKOUT
from bcos_core.registry import Registry


@dataclass(frozen=True)
class Room:
    """A page for researchers. `name` is that of its folder in `inside`, and its address; `icon` one of Material
    Symbols."""

    name: str
    title: str
    icon: str
    inside: Path = CHECKOUT / "pages"
    action: Action = Action.BROWSE
    """What one may do to whom the menu shows it."""

    @property
    def page(self) -> Path:
        return self.inside / self.name / "page.py"


ROOMS: Registry[Room] = Registry("page")
for _room in (
    Room("home", "Home", "home"),
    Room("train", "Train", "model_training"),
    Room("jobs", "Jobs", "list_alt"),
    Room("models", "Models", "deployed_code"),
    Room("compare", "Compare", "compare"),
    Room("generate", "Generate", "edit_note"),
    Room("batch", "Batch", "table_rows"),
    Room("evaluate", "Evaluate", "leaderboard"),
    Room("lab", "Lab", "science"),
    Room("ablation", "Ablation", "tune"),
    Room("reproduce", "Reproduce", "replay"),
    Room("studies", "Studies", "groups"),
    Room("people", "People", "manage_accounts", action=Action.MANAGE_PEOPLE),
    Room("system", "System", "dns", action=Action.SEE_SYSTEM),
):
    ROOMS.register(_room.name, _room)
