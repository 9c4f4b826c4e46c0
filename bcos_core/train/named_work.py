"""What trainings of every kind are asked beside their work: what the model is called, what people say of it, and how
many processes train it together."""

from __future__ import annotations

from bcos_core.errors import InputError, RecipeError
from bcos_core.model.about import About
from bcos_core.model.naming import name_key
from bcos_core.option import Option

PROCESSES = Option(
    1,
    "Processes",
    "Processes that train together, each on a GPU of its own and on its share of every batch; what is learned is the "
    "same.",
    least=1,
    most=64,
)


class NamedWork:
    """The base of a request, a frozen dataclass with these fields.

    Raises:
        RecipeError: a name, notes or a number of processes that cannot be such.
    """

    name: str
    notes: str
    processes: int

    def __post_init__(self) -> None:
        if not PROCESSES.fits(self.processes):
            raise RecipeError("processes", f"processes is {self.processes!r}; expected {PROCESSES.expected}.")
        for field in ("name", "notes"):
            try:
                About(**{field: getattr(self, field)})
            except InputError as error:
                raise RecipeError(field, str(error)) from error

    @property
    def reserved(self) -> str | None:
        """The name in the spelling in which a job reserves it; None of a model that goes by its folder."""
        return name_key(self.name) or None

    @property
    def about(self) -> About:
        return About(self.name, (), self.notes)
