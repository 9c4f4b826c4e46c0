"""Protocols: what a rater is shown, and what is asked of them. Pages and statistics read the declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from bcos_core.errors import InputError
from bcos_core.registry import Registry

Kind = Literal["scale", "choice", "class", "edit"]
EDIT: Kind = "edit"
LONGEST_WORDING = 500  # characters of one prompt or label


@dataclass(frozen=True)
class Question:
    """One thing that a rater is asked about an item.

    `kind` "scale" is a whole number from 1 to the number of `labels`, each point anchored by its label; "choice" is
    one of the `choices` (value → label); "class" is one of the model's classes; "edit" is an edited text with what
    the model said to it. `before` the heatmap is shown, or with it.
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
        if self.kind == "scale" and not 2 <= len(self.labels) <= 11:
            raise InputError(f"The scale {self.name!r} has {len(self.labels)} points; expected 2 to 11 labels.")

    def allowed(self, classes: Sequence[str]) -> tuple[int | str, ...]:
        """The answers that can be given; none where they cannot be listed."""
        if self.kind == "scale":
            return tuple(range(1, len(self.labels) + 1))
        if self.kind == "choice":
            return tuple(self.choices or ())
        return tuple(classes) if self.kind == "class" else ()

    def shown(self, classes: Sequence[str]) -> dict[int | str, str]:
        """Every answer with its label, in the order of the screen."""
        allowed = self.allowed(classes)
        if self.kind == "scale":
            return dict(zip(allowed, self.labels, strict=True))
        names = self.choices or {}
        return {value: names.get(str(value), str(value)) for value in allowed}

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Protocol:
    """A way of asking people about explanations.

    `heatmaps` on the screen at once. `shows_prediction`: the model's answer is on the screen, with its probability.
    `names_class`: the legend may name the explained class (where the class is to be guessed, it must not).
    `without_heatmap`: "no heatmap" can be a condition. `live`: the model is asked while a person rates.
    `reworded`: questions may be added, left out and reworded. `random_checks`: a planted heatmap of random scores
    tells who does not look, because people can see that it explains nothing.
    """

    name: str
    title: str
    description: str
    instructions: str
    questions: tuple[Question, ...]
    heatmaps: int = 1
    shows_prediction: bool = True
    names_class: bool = True
    without_heatmap: bool = False
    live: bool = False
    random_checks: bool = False
    reworded: bool = False
    least_conditions: int = 2

    def checked_questions(self, given: Sequence[Question]) -> tuple[Question, ...]:
        """The questions of a study by this protocol.

        Raises:
            InputError: none, two of a name, or other ones where the protocol's own are needed.
        """
        names = [question.name for question in given]
        if not names or len(set(names)) < len(names):
            raise InputError(f"The questions are {', '.join(names) or 'none'}; expected one or more, each name once.")
        if self.reworded:
            if any(question.kind != "scale" for question in given):
                raise InputError(f"{self.title} asks on scales only; give every question a scale.")
        elif [replace(question, prompt="-") for question in given] != [
            replace(question, prompt="-") for question in self.questions
        ]:
            raise InputError(f"{self.title} asks {len(self.questions)} fixed questions; only their prompts can change.")
        return tuple(given)


_READ_COLOURS = (
    "A language model has read each text and has given an answer. Coloured words show what an explanation says about "
    "that answer: blue words speak for it, orange words against it, and stronger colour means more weight. "
)

PROTOCOLS: Registry[Protocol] = Registry("protocol")

for _protocol in (
    Protocol(
        "rating",
        "Rating",
        "How understandable an explanation is, and whether the reader agrees with it, on anchored scales.",
        _READ_COLOURS + "Read the text and look at the colours, then answer both questions. There are no right or "
        "wrong answers: we want to know how the explanations look to you.",
        (
            Question(
                "interpretability",
                "How easy is it to see from the highlighted words why the model gave this answer?",
                "scale",
                ("Not at all", "Hard", "In part", "Easy", "At once"),
            ),
            Question(
                "agreement",
                "Do the highlighted words explain this answer, as you would explain it?",
                "scale",
                ("Not at all", "Hardly", "In part", "Mostly", "Fully"),
            ),
        ),
        reworded=True,
        random_checks=True,
    ),
    Protocol(
        "paired",
        "Paired comparison",
        "Which of two heatmaps of the same text explains the answer better.",
        _READ_COLOURS + "You see the same text twice, with two different explanations. Choose the one that explains "
        "the model's answer better, or neither if they are as good as each other.",
        (
            Question(
                "preference",
                "Which one explains the model's answer better?",
                "choice",
                choices={"left": "Left", "none": "No preference", "right": "Right"},
            ),
        ),
        heatmaps=2,
        random_checks=True,
    ),
    Protocol(
        "simulation",
        "Forward simulation",
        "Guess the model's answer from the text, without and then with the heatmap: how much does it help?",
        "A language model has read each text and has given an answer, which you do not see. Guess it: first from the "
        "text alone, then with coloured words. Blue words speak for the model's answer, whatever it was, orange words "
        "against it. The model makes mistakes: guess what it said, not what would be right.",
        (
            Question("before", "What did the model answer? Guess from the text alone.", "class", before=True),
            Question("after", "And now, with the highlighted words?", "class"),
        ),
        shows_prediction=False,
        names_class=False,
        without_heatmap=True,
    ),
    Protocol(
        "edit",
        "Edit to flip",
        "Change as few words as possible until the model answers otherwise, with and without a heatmap.",
        _READ_COLOURS + "Change the text, with as few words as you can, so that the model gives another answer. You "
        "see at once what it says to your text, and have a limited number of tries.",
        (Question("edit", "Change as few words as you can so that the model answers otherwise.", "edit"),),
        without_heatmap=True,
        live=True,
    ),
    Protocol(
        "trust",
        "Error spotting",
        "Is the model right here? Whether an explanation helps to know when to trust it.",
        _READ_COLOURS + "The model is sometimes wrong. Decide for each text whether its answer is right.",
        (
            Question(
                "right",
                "Is the model's answer right?",
                "choice",
                choices={"yes": "It is right", "no": "It is wrong"},
            ),
        ),
        without_heatmap=True,
    ),
):
    PROTOCOLS.register(_protocol.name, _protocol)
