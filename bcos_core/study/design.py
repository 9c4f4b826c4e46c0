"""What a study is: conditions, texts, questions, wording, numbers, and the rules fixed before the first answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bcos_core.attribution.references import REFERENCES
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError, StudyError, UnknownNameError
from bcos_core.storage.content import name_of
from bcos_core.storage.stored_json import from_plain
from bcos_core.study.comprehension import MOST_QUESTIONS, CheckQuestion
from bcos_core.study.orders import ordered_sets
from bcos_core.study.plan import MOST_RATERS_PER_ITEM, PAIR
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.selection import Source
from bcos_core.tasks.registry import TASK_TYPES, USUAL

LONGEST_TEXT = 20_000  # characters of instructions or consent
NO_HEATMAP = ""

CONSENT = (
    "Taking part is voluntary, and you can stop at any time. Your answers, and when you gave them, are stored under a "
    "random number; your name is not asked. They are used for research on explanations of language models."
)


@dataclass(frozen=True)
class Condition:
    """What explains: a method on a model. Without a method, the text is shown plain.

    `checkpoint` is the folder of the model, `options` are the method's, `reference` as in `explain`.
    """

    checkpoint: str
    method: str = NO_HEATMAP
    reference: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method == NO_HEATMAP:
            return
        method = METHODS[self.method]
        method.checked_options(self.options)
        if self.reference is not None and self.reference not in REFERENCES:
            raise UnknownNameError("reference", self.reference, REFERENCES)
        method.checked_reference(self.reference)

    @property
    def id(self) -> str:
        """A short name that says nothing about the condition."""
        return name_of(asdict(self))[:10]

    @property
    def title(self) -> str:
        """Its name for a researcher; never for a rater. The model is its folder, whatever it is called by now."""
        return self.called({})

    def called(self, models: Mapping[str, str]) -> str:
        """The same with its model as it is called, where that is known: folder → name."""
        return f"{self.method_title} · {models.get(self.checkpoint) or Path(self.checkpoint).name}"

    @property
    def method_title(self) -> str:
        """The same without its model."""
        return METHODS[self.method].title if self.method else "No heatmap"


@dataclass(frozen=True)
class Exclusion:
    """Whose answers do not count, fixed when the study is locked: raters who fail more than `failed_checks` of the
    instructed checks, or whose median time for an item is below `fastest` seconds (0 for no such rule)."""

    failed_checks: int = 1
    fastest: int | float = 0.0  # as it was written: a locked study's hash is over it

    def __post_init__(self) -> None:
        if not 0 <= self.failed_checks <= 100 or not 0 <= self.fastest <= 600:
            raise InputError(
                f"The exclusion rule has {self.failed_checks} failed checks and {self.fastest} seconds; expected 0 to "
                "100 checks and 0 to 600 seconds."
            )


@dataclass(frozen=True)
class StudyDesign:
    """A study before it is locked. Every number is checked here; that texts suffice, when it is locked.

    `items_per_rater` are those that count; `practice` items come before them, `instructed` checks (the text says
    what to answer) and `random` ones (a heatmap of random scores) among them. `raters_per_item` is the wanted
    number of answers of an item, over all its cells. `tries` is for a protocol that asks the model. `task_type`, a name
    in `TASK_TYPES`, is that of the models. `comprehension` are questions about the instructions, which a rater has to
    answer rightly before the first item.

    Raises:
        InputError: what does not fit together, in words.
        UnknownNameError: a protocol or method that is not there.
    """

    title: str
    conditions: tuple[Condition, ...]
    protocol: str = "rating"
    source: Source = field(default_factory=Source)
    questions: tuple[Question, ...] = ()
    instructions: str = ""
    consent: str = CONSENT
    items_per_rater: int = 12
    raters_per_item: int = 6
    practice: int = 2
    instructed: int = 1
    random: int = 0
    exclusion: Exclusion = field(default_factory=Exclusion)
    tries: int = 5
    seed: int = 42
    task_type: str = USUAL
    comprehension: tuple[CheckQuestion, ...] = ()

    def __post_init__(self) -> None:
        protocol, kind = PROTOCOLS[self.protocol], TASK_TYPES[self.task_type]
        if reason := protocol.unsupported(kind) or self.source.unsupported(kind):
            raise InputError(reason)
        if not 1 <= len(self.title.strip()) <= 120:
            raise InputError(f"The study's title has {len(self.title.strip())} characters; give it 1 to 120.")
        object.__setattr__(self, "questions", protocol.checked_questions(self.questions, self.heatmaps))
        object.__setattr__(self, "instructions", self.instructions or protocol.instructions_for(kind))
        for name in ("instructions", "consent"):
            if len(getattr(self, name)) > LONGEST_TEXT:
                raise InputError(f"The {name} have {len(getattr(self, name)):,} characters; at most {LONGEST_TEXT:,}.")
        if len(self.comprehension) > MOST_QUESTIONS:
            raise InputError(
                f"The comprehension check has {len(self.comprehension)} questions; expected at most {MOST_QUESTIONS}."
            )
        self._check_conditions()
        for name, least, most in (
            ("items_per_rater", 1, 500),
            ("raters_per_item", 1, MOST_RATERS_PER_ITEM),
            ("practice", 0, 10),
            ("instructed", 0, 10),
            ("random", 0, 10),
            ("tries", 1, 50),
            ("seed", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise InputError(f"{name.replace('_', ' ')} is {value}; expected {least:,} to {most:,}.")
        if self.items_per_rater > self.source.count:
            raise InputError(
                f"A rater should see {self.items_per_rater} items, but the study has {self.source.count}. Choose fewer "
                "items for each rater, or more texts."
            )
        if self.instructed and not protocol.instructed_checks:
            raise InputError(f"{protocol.title} has no instructed checks; set their number to 0.")
        if self.random and protocol.random_check is None:
            raise InputError(f"{protocol.title} has no checks with random heatmaps; set their number to 0.")

    def _check_conditions(self) -> None:
        protocol = PROTOCOLS[self.protocol]
        names = [condition.id for condition in self.conditions]
        if len(set(names)) < len(names):
            raise InputError("Two conditions are the same. Take one of them out.")
        if len(names) < protocol.least_conditions:
            raise InputError(
                f"{protocol.title} compares conditions: {len(names)} chosen, at least {protocol.least_conditions} "
                "needed."
            )
        plain = [condition for condition in self.conditions if condition.method == NO_HEATMAP]
        if plain and not protocol.without_heatmap:
            raise InputError(f"{protocol.title} has a heatmap in every condition; take “no heatmap” out.")
        if len(plain) == len(self.conditions):
            raise InputError("Every condition is “no heatmap”. Add at least one that shows an explanation.")

    @property
    def cells(self) -> tuple[str, ...]:
        """What an item can be shown as: a condition, or several of them in the order of the screen."""
        ids = [condition.id for condition in self.conditions]
        return tuple(PAIR.join(ids[place] for place in one) for one in ordered_sets(len(ids), self.heatmaps))

    @property
    def heatmaps(self) -> int:
        """How many conditions one screen shows."""
        return min(PROTOCOLS[self.protocol].heatmaps, len(self.conditions))

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The models' folders, each once, the first condition's first."""
        return tuple(dict.fromkeys(condition.checkpoint for condition in self.conditions))

    def condition(self, id: str) -> Condition:
        return next(condition for condition in self.conditions if condition.id == id)

    @property
    def raters_needed(self) -> int:
        """Raters who finish, until every item has its answers."""
        return -(-self.source.count * self.raters_per_item // self.items_per_rater)

    def to_dict(self) -> dict[str, Any]:
        plain = asdict(self)
        if self.task_type == USUAL:  # as it was before there were others: a locked study's hash is over it
            del plain["task_type"]
        if not self.comprehension:
            del plain["comprehension"]
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StudyDesign:
        """The design that `to_dict` wrote.

        Raises:
            InputError: it is not one.
        """
        return from_plain(data, cls, error=StudyError, what="This study's design", advice="Make a new study.")
