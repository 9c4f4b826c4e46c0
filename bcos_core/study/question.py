"""Questions: what a rater is asked about an item, and which answers can be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bcos_core.errors import InputError

Kind = Literal["scale", "choice", "class", "edit"]
EDIT: Kind = "edit"
LONGEST_WORDING = 500  # characters of one prompt or label


@dataclass(frozen=True)
class Question:
    """One thing that a rater is asked about an item.

    `kind` "scale" is a whole number from 1 to the number of `labels`, each point anchored by its label; "choice" is
    one of the `choices` (value → label); "class" is what the model may have answered; "edit" is an edited text with
    what the model said to it. `before` the heatmap is shown, or with it.

    Raises:
        InputError: a name or wording that cannot be shown, or a scale of fewer than 2 or more than 11 points.
    """

    name: str
    prompt: str
    kind: Kind
    labels: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None
    before: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or len(self.name) > 40:
            raise InputError(
                f"The question's name is {self.name!r}; expected a short one of letters, digits and underscores."
            )
        for wording in (self.prompt, *self.labels):
            if not wording.strip() or len(wording) > LONGEST_WORDING:
                raise InputError(
                    f"A wording of the question {self.name!r} has {len(wording)} characters; expected 1 to "
                    f"{LONGEST_WORDING}."
                )
        if len(set(self.labels)) < len(self.labels):
            raise InputError(f"Two points of the scale {self.name!r} have the same label. Give each its own.")
        if self.kind == "scale" and not 2 <= len(self.labels) <= 11:
            raise InputError(f"The scale {self.name!r} has {len(self.labels)} points; expected 2 to 11 labels.")

    def allowed(self, guesses: Iterable[str]) -> tuple[int | str, ...]:
        """The answers that can be given; none where they cannot be listed. `guesses` are what the model may have
        answered."""
        if self.kind == "scale":
            return tuple(range(1, len(self.labels) + 1))
        if self.kind == "choice":
            return tuple(self.choices or ())
        return tuple(guesses) if self.kind == "class" else ()

    def shown(self, guesses: Mapping[str, str]) -> dict[int | str, str]:
        """Every answer with its label, in the order of the screen; `guesses` are what the model may have answered, each
        with its label."""
        allowed = self.allowed(guesses)
        if self.kind == "scale":
            return dict(zip(allowed, self.labels, strict=True))
        names = guesses if self.kind == "class" else self.choices or {}
        return {value: names.get(str(value), str(value)) for value in allowed}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
