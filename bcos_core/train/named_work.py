"""What trainings of every kind are asked beside their work: what the model is called, and what people say of it."""

from __future__ import annotations

from bcos_core.errors import InputError, RecipeError
from bcos_core.model.about import About
from bcos_core.model.naming import name_key


class NamedWork:
    """The base of a request, a frozen dataclass with these fields.

    Raises:
        RecipeError: a name or notes that cannot be such.
    """

    name: str
    notes: str

    def __post_init__(self) -> None:
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
