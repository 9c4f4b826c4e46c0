"""System: whether all that the dashboard needs is there, what it runs on, and what can go. The page itself is in
`pages.system.overview`."""

from __future__ import annotations

from bcos_core.access.table import Action
from pages.widgets.frame import head, loading

head(
    "System",
    "Whether everything that the dashboard needs is there, what it runs on, and what can go.",
    action=Action.SEE_SYSTEM,
)
with loading():
    from pages.system.overview import show_system
show_system()
