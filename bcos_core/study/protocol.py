"""What a study protocol declares: how people are asked about explanations, and what is made of their answers.

Each protocol is one file in `protocols`; nothing else knows one by its name. A declaration is read without PyTorch,
pandas or SciPy: whatever needs them is imported by the function that does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bcos_core.errors import InputError
from bcos_core.study.answer_form import AnswerForm, Choice
from bcos_core.study.finding import Finding
from bcos_core.study.material import Material
from bcos_core.study.question import EDIT, Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import Taste

if TYPE_CHECKING:
    import pandas as pd

    from bcos_core.study.analysis import Analysis
    from bcos_core.study.locked import LockedStudy
    from bcos_core.tasks.task_type import TaskType

READ_COLOURS, GUESS_COLOURS = "{read_colours} ", "{guess_colours} "
"""How instructions begin where the model's answer is shown, and where it is to be guessed: what they stand for depends
on the type of the task."""
LETTERS = ("A", "B", "C", "D")
"""What several heatmaps of one screen are called."""


@dataclass(frozen=True)
class Practised:
    """What a practice item has shown: the text's `label` (None: it has none), whether what the model said is `right`
    (None: nobody knows, or it is nearer or further), and the words that speak most for it, at most two."""

    label: str | None
    right: bool | None
    heaviest: tuple[str, ...]


def no_answer_is_wrong(shown: Practised) -> str:
    """Feedback where people are asked for their opinion."""
    words = " and ".join(f"“{word}”" for word in shown.heaviest)
    verb = "word that speaks" if len(shown.heaviest) == 1 else "words that speak"
    is_are = "is" if len(shown.heaviest) == 1 else "are"
    said = f"By this explanation, the {verb} most for the answer {is_are} {words}. " if words else ""
    return f"{said}No answer is wrong here."


def one_choice_each(locked: LockedStudy) -> AnswerForm:
    """The form of an answer that is one click for each question."""
    questions = locked.design.questions
    return AnswerForm(tuple(Choice(question.name, question.allowed(locked.guesses)) for question in questions))


def picks_of_each(locked: LockedStudy) -> AnswerForm:
    """The same where no two questions can have the same answer."""
    return replace(one_choice_each(locked), distinct=True)


def lower_part(question: Question, side: str) -> tuple[int | str, ...]:
    """The answers on a scale that a heatmap of random scores may get: not those above the middle."""
    return tuple(range(1, (len(question.labels) + 1) // 2 + 1))


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A way of asking people about explanations.

    What raters see: `title`, `description` (for whoever chooses it), `instructions` (see `instructions_for`) and
    `questions`; as many `heatmaps` at once, one to four, or as there are conditions. `picks`: each question picks one
    of them, by its letter, and none is picked twice. `shows_prediction`: the model's answer is on the screen, with its
    probability. `names_class`: the legend may name the explained class (where it is to be guessed, it must not).
    `without_heatmap`: "no heatmap" can be a condition. `reworded`: questions on scales may be added, left out and
    reworded. `least_conditions`: so many are compared at least.

    What an answer is: a question's kind says how it is answered on the screen, `form` which values are taken.
    `measured`: name → meaning of those that are measured and not asked. `feedback` is what a practice item says after
    the answer, behind what the model predicted.

    Checks: `instructed_checks`: texts can say what to answer. `random_check`: the answers that may be given to a
    question about a heatmap of random scores, which stands on that side ("left" or "right", or a letter) of several;
    None where such a heatmap tells nothing, because people cannot see that it explains nothing. `needs_discrete`: why
    the model's answers must be ones out of a few, "" where anything can be asked about.

    What is made of it: `procedure` is what raters did, in the words of a paper, after "12 raters". `analyse` has one
    row for each rater and item, with the columns `rater`, `item`, `cell`, `condition` (its title) and one for each
    value of the form that was given. `finding` says the differences of an analysis in a sentence. `variation` is what
    the power hint assumes, `taste` how simulated raters answer.

    Raises:
        ValueError: parts that do not fit together.
    """

    name: str
    title: str
    description: str
    instructions: str
    questions: tuple[Question, ...]
    procedure: str
    analyse: Callable[[pd.DataFrame, LockedStudy], list[Analysis]]
    finding: Finding
    variation: Variation
    taste: type[Taste]
    form: Callable[[LockedStudy], AnswerForm] = one_choice_each
    measured: Mapping[str, str] = field(default_factory=dict)
    feedback: Callable[[Practised], str] = no_answer_is_wrong
    random_check: Callable[[Question, str], tuple[int | str, ...]] | None = None
    instructed_checks: bool = True
    heatmaps: int = 1
    picks: bool = False
    shows_prediction: bool = True
    names_class: bool = True
    without_heatmap: bool = False
    reworded: bool = False
    least_conditions: int = 2
    needs_discrete: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.heatmaps <= len(LETTERS):
            raise ValueError(f"{self.name} shows {self.heatmaps} heatmaps; a screen has 1 to {len(LETTERS)}.")
        if self.picks and (self.heatmaps < 3 or any(question.kind != "choice" for question in self.questions)):
            raise ValueError(f"{self.name} picks among heatmaps: let it show 3 or more, and ask for choices.")
        if self.live and (len(self.questions) > 1 or self.instructed_checks):
            raise ValueError(
                f"{self.name} asks for an edited text: let it ask nothing else, with no instructed checks."
            )
        if self.reworded and any(question.kind != "scale" for question in self.questions):
            raise ValueError(f"{self.name} lets its questions be changed; give each of them a scale.")

    @property
    def live(self) -> bool:
        """Whether the text is edited, and the model asked, while a person rates: an answer then is a try."""
        return any(question.kind == EDIT for question in self.questions)

    def instructions_for(self, kind: TaskType) -> str:
        """The instructions of a study about models of such tasks."""
        said = self.instructions.replace(READ_COLOURS, f"{kind.read_colours} ")
        return said.replace(GUESS_COLOURS, f"{kind.guess_colours} ")

    def unsupported(self, kind: TaskType) -> str | None:
        """Why people cannot be asked so about models of such tasks, and what to do; None if they can."""
        if kind.discrete or not self.needs_discrete:
            return None
        return (
            f"{self.title} cannot be asked about models that answer with {kind.title.lower()}: {self.needs_discrete} "
            "Choose a protocol that asks for an opinion."
        )

    def questions_of(self, heatmaps: int) -> tuple[Question, ...]:
        """The questions of a study whose screens show so many heatmaps."""
        if not self.picks:
            return self.questions
        letters = {letter: letter for letter in LETTERS[:heatmaps]}
        return tuple(replace(question, choices=letters) for question in self.questions)

    def sides_of(self, heatmaps: int) -> tuple[str, ...]:
        """What the heatmaps of a screen are called: nothing where there is one."""
        if self.picks:
            return LETTERS[:heatmaps]
        return ("left", "right") if heatmaps == 2 else ("",)

    def checked_questions(self, given: Sequence[Question], heatmaps: int = 1) -> tuple[Question, ...]:
        """The questions of a study by this protocol whose screens show so many heatmaps: `given`, or its own ones.

        Raises:
            InputError: two of a name, or other ones where the protocol's own are needed.
        """
        own = self.questions_of(heatmaps)
        if not given:
            return own
        names = [question.name for question in given]
        if len(set(names)) < len(names):
            raise InputError(f"The questions are {', '.join(names)}; expected each name once.")
        if self.reworded:
            if any(question.kind != "scale" for question in given):
                raise InputError(f"{self.title} asks on scales only; give every question a scale.")
            return tuple(given)
        # A copy with another number of conditions has other letters to pick from.
        asked = [replace(one, choices=None) for one in given] if self.picks else given
        wanted = [replace(one, choices=None) for one in own] if self.picks else own
        if [replace(question, prompt="-") for question in asked] != [
            replace(question, prompt="-") for question in wanted
        ]:
            raise InputError(f"{self.title} has questions of its own; only their prompts can change.")
        return tuple(replace(mine, prompt=theirs.prompt) for mine, theirs in zip(own, given, strict=True))

    def taste_of(self, material: Material, preference: float | None = None, seed: int = 0) -> Taste:
        """The taste of a study's simulated raters; without a preference, the usual one.

        Raises:
            StudyError: a preference that the answers cannot show.
        """
        return self.taste(material, self.taste.usual if preference is None else preference, seed)
