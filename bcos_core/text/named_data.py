"""What a choice of data is called: of a task with labels, or of texts to learn language from."""

from __future__ import annotations

from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.hub import require_hub_id

KINDS = ("embedded", "hub", "file")


class NamedData:
    """The base of a choice, a frozen dataclass with these fields: `name` is an embedded task's name, a hub id, or a
    path, after its `kind`."""

    kind: str
    name: str
    hub_config: str | None

    def require_hub(self) -> None:
        """
        Raises:
            DataError: a name that is no hub id, or a configuration of what has none.
        """
        if self.kind == "hub":
            require_hub_id(self.name)
        if self.kind != "hub" and self.hub_config:
            raise DataError(f"Only hub data sets have configurations, but {self.name!r} was given one. Leave it out.")

    @property
    def argument(self) -> str:
        """What `parse` reads back, columns aside: for a command line."""
        if self.kind == "embedded":
            return self.name
        return ":".join(part for part in (self.kind, self.name, self.hub_config) if part)

    @property
    def title(self) -> str:
        """The name for a person."""
        if self.kind == "embedded":
            return EMBEDDED_TASKS[self.name].title
        if self.kind == "file":
            return Path(self.name).name
        return f"{self.name} ({self.hub_config})" if self.hub_config else self.name
