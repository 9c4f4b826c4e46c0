"""The fields of a study's design: protocol, conditions, texts, numbers, wording. They begin with what another has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo
from bcos_core.storage.collections import Collections
from bcos_core.study.anchors import AGREEMENT
from bcos_core.study.comprehension import MOST_QUESTIONS, TRIES, CheckQuestion
from bcos_core.study.design import NO_HEATMAP, Condition, Exclusion, StudyDesign
from bcos_core.study.plan import MOST_RATERS_PER_ITEM
from bcos_core.study.protocol import Protocol
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.selection import ANSWERED, LONGEST_SEARCH, Source, strata_of
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from pages.server.roles import database
from pages.widgets.errors import show_error
from pages.widgets.kept import kept
from pages.widgets.plain import plain

_TEST_SET = ""
_MOST_QUESTIONS = 6
_NEW_QUESTION = Question("clarity", "This explanation is clear to me.", "scale", AGREEMENT)


@dataclass(frozen=True)
class DesignForm:
    """The fields for one study: `base` is what they show at first, `scope` tells them from those of another."""

    known: dict[str, CheckpointInfo]
    base: StudyDesign
    scope: str

    def key(self, name: str, kind: TaskType | None = None) -> str:
        """Of a field; of one that is another for models of another `kind`."""
        suffix = "" if kind is None or kind.name == USUAL else f"-{kind.name}"
        return f"study-{name}{suffix}-{self.scope}"

    def ask(self) -> StudyDesign | None:
        """The design that the fields describe; None, and why, where they do not fit together."""
        title = st.text_input("Title", max_chars=120, **kept(self.key("title"), self.base.title))
        models = self._models()
        kinds = list(dict.fromkeys(info.task_type for info in models))
        kind = TASK_TYPES[kinds[0] if kinds else self.base.task_type]
        if len(kinds) > 1:
            titles = " and ".join(TASK_TYPES[name].title.lower() for name in kinds)
            st.caption(f":orange[These models answer with {titles}. Choose models that answer alike.]")
            return None
        protocol = self._protocol(kind)
        conditions = self._conditions(protocol, models)
        source = self._texts(kind)
        numbers = self._numbers(protocol, source)
        wording = self._wording(protocol, kind)
        try:
            source = replace(source, seed=wording["seed"])
            return StudyDesign(title, conditions, protocol.name, source, **numbers, **wording, task_type=kind.name)
        except BcosError as error:
            st.caption(f":orange[{plain(str(error))}]")
            return None

    def _models(self) -> list[CheckpointInfo]:
        names = {str(info.path): name for name, info in self.known.items()}
        chosen = st.multiselect(
            "Models",
            list(self.known),
            format_func=lambda name: self.known[name].name,
            **kept(
                self.key("models"),
                [names[path] for path in self.base.checkpoints if path in names],
                options=self.known,
                begins="default",
            ),
        )
        return [self.known[name] for name in chosen]

    def _protocol(self, kind: TaskType) -> Protocol:
        """One of the protocols that suit the models' answers; which others there are, and why they do not, stands
        below."""
        reasons = {name: PROTOCOLS[name].unsupported(kind) for name in PROTOCOLS}
        titled = sorted(PROTOCOLS, key=lambda name: PROTOCOLS[name].title)
        fitting = [name for name in titled if reasons[name] is None]
        name = str(
            st.segmented_control(
                "Protocol",
                fitting,
                format_func=lambda name: PROTOCOLS[name].title,
                required=True,
                **kept(
                    self.key("protocol", kind),
                    self.base.protocol if self.base.protocol in fitting else fitting[0],
                    options=fitting,
                    begins="default",
                ),
            )
        )
        st.caption(plain(PROTOCOLS[name].description))
        if missing := [name for name in titled if reasons[name]]:
            titles = ", ".join(PROTOCOLS[name].title for name in missing)
            why = "\n".join(f"- {plain(reasons[name] or '')}" for name in missing)
            st.caption(plain(f"Not for models that answer with {kind.title.lower()}: {titles}."), help=why)
        return PROTOCOLS[name]

    def _conditions(self, protocol: Protocol, models: list[CheckpointInfo]) -> tuple[Condition, ...]:
        """Every chosen method on every chosen model that it can serve."""
        methods = [method.name for method in METHODS.values() if not method.chance]
        methods += [NO_HEATMAP] if protocol.without_heatmap else []
        usual = list(dict.fromkeys(one.method for one in self.base.conditions if one.method in methods))
        wanted = st.multiselect(
            "Methods",
            methods,
            format_func=lambda name: METHODS[name].title if name else "No heatmap",
            **kept(self.key(f"methods-{protocol.without_heatmap}"), usual, options=methods, begins="default"),
        )
        conditions = []
        for info in models:
            reasons = {
                name: METHODS[name].unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type)
                if name
                else None
                for name in wanted
            }
            conditions += [Condition(str(info.path), name) for name in wanted if not reasons[name]]
            if missing := [name for name in wanted if reasons[name]]:
                titles = ", ".join(METHODS[name].title for name in missing)
                why = "\n".join(f"- {plain(f'{METHODS[name].title}: {reasons[name]}')}" for name in missing)
                st.caption(plain(f"Left out on {info.name}: {titles}."), help=why)
        return tuple(conditions)

    def _texts(self, kind: TaskType) -> Source:
        base, titles = self.base.source, strata_of(kind)
        names = Collections(database()).names()
        sources = [_TEST_SET, *names]
        columns = [
            *st.columns([3, 2], vertical_alignment="bottom"),
            *st.columns([3, 2], vertical_alignment="bottom"),
        ]
        collection = columns[0].selectbox(
            "Texts",
            sources,
            format_func=lambda name: f"Collection “{name}”, {names[name]}" if name else "Random from the test set",
            **kept(
                self.key("source"),
                base.collection if base.collection in sources else _TEST_SET,
                options=sources,
                begins="index",
            ),
        )
        texts = columns[1].number_input("How many", 1, 5000, **kept(self.key("count"), base.count))
        strata = columns[2].multiselect(
            "Equal numbers by",
            list(titles),
            format_func=titles.__getitem__,
            disabled=bool(collection),
            **kept(
                self.key("strata", kind),
                [name for name in base.strata if name in titles],
                options=titles,
                begins="default",
            ),
        )
        longest = max(200, base.most)
        with columns[3], st.popover("Filter texts", width="stretch"):
            least, most = st.slider("Words of a text", 1, longest, **kept(self.key("lengths"), (base.least, base.most)))
            contains = st.text_input(
                "Text contains", max_chars=LONGEST_SEARCH, **kept(self.key("contains"), base.contains)
            )
            answered = (
                st.selectbox(
                    "The first model answers",
                    list(ANSWERED),
                    format_func=ANSWERED.__getitem__,
                    **kept(self.key("answered"), base.answered, options=ANSWERED, begins="index"),
                )
                if kind.discrete
                else ""  # it is nearer or further, not right or wrong
            )
        source = Source(
            int(texts), str(collection or ""), tuple(strata), int(least), int(most), contains.strip(), str(answered)
        )
        asked = f", {source.filter_title}" if source.filter_title else ""
        st.caption(plain(f"Texts of {least} to {most} words{asked}."))
        return source

    def _numbers(self, protocol: Protocol, source: Source) -> dict[str, Any]:
        base = self.base
        columns = st.columns(3 + protocol.live + protocol.instructed_checks)
        wanted = {
            "items_per_rater": columns[0].number_input(
                "Items for each rater", 1, 500, **kept(self.key("share"), min(base.items_per_rater, source.count))
            ),
            "raters_per_item": columns[1].number_input(
                "Answers for each item",
                1,
                MOST_RATERS_PER_ITEM,
                help="Over all conditions together; they are balanced.",
                **kept(self.key("answers"), base.raters_per_item),
            ),
            "practice": columns[2].number_input("Practice items", 0, 10, **kept(self.key("practice"), base.practice)),
        }
        if protocol.live:
            wanted["tries"] = columns[3].number_input(
                "Tries for each text", 1, 50, **kept(self.key("tries"), base.tries)
            )
        if protocol.instructed_checks:
            wanted["instructed"] = columns[-1].number_input(
                "Instructed checks",
                0,
                10,
                help="Texts that say what to answer: who fails them does not read.",
                **kept(
                    self.key("instructed"),
                    base.instructed or int(not PROTOCOLS[base.protocol].instructed_checks),
                ),
            )
        return {"instructed": 0, **{name: int(value) for name, value in wanted.items()}}

    def _wording(self, protocol: Protocol, kind: TaskType) -> dict[str, Any]:
        """What is worded, checked and left out; closed, because the defaults do."""
        base = self.base
        # The wording of another protocol does not fit, nor that for other answers.
        own = base.protocol == protocol.name and base.task_type == kind.name
        with st.expander("Wording, checks and the exclusion rule"):
            instructions = st.text_area(
                "Instructions",
                height=120,
                **kept(
                    self.key(f"instructions-{protocol.name}", kind),
                    base.instructions if own else protocol.instructions_for(kind),
                ),
            )
            consent = st.text_area("Consent", height=90, **kept(self.key("consent"), base.consent))
            questions = self._questions(base.questions if own else protocol.questions, protocol)
            comprehension = self._comprehension(kind)
            columns = st.columns(4)
            random = columns[0].number_input(
                "Random heatmaps",
                0,
                10,
                disabled=protocol.random_check is None,
                help="Planted, to see who looks.",
                **kept(self.key("random"), base.random),
            )
            failed = columns[1].number_input(
                "Failed checks allowed", 0, 10, **kept(self.key("failed"), min(10, base.exclusion.failed_checks))
            )
            fastest = columns[2].number_input(
                "Fastest median, seconds",
                0.0,
                60.0,
                help="0 for no such rule.",
                **kept(self.key("fastest"), min(60.0, float(base.exclusion.fastest))),
            )
            seed = columns[3].number_input("Seed", 0, 2**32 - 1, **kept(self.key("seed"), base.seed))
        return {
            "instructions": instructions,
            "consent": consent,
            "questions": questions,
            "comprehension": comprehension,
            "random": int(random) if protocol.random_check is not None else 0,
            "exclusion": Exclusion(int(failed), float(fastest)),
            "seed": int(seed),
        }

    def _comprehension(self, kind: TaskType) -> tuple[CheckQuestion, ...]:
        """Questions about the instructions; one that does not fit is said, and left out."""
        base = self.base.comprehension
        number = st.number_input(
            "Questions about the instructions",
            0,
            MOST_QUESTIONS,
            help=f"A comprehension check before the first item: whoever fails it {TRIES} times sees no item.",
            **kept(self.key("comprehension"), len(base)),
        )
        usual = CheckQuestion(
            "What does a word in strong blue do?",
            f"It {kind.verbs[0]} the answer strongly.",
            (f"It {kind.verbs[1]} the answer strongly.", "It has nothing to do with the answer."),
        )
        found = []
        for place in range(int(number)):
            first = base[place] if place < len(base) else usual
            prompt = st.text_input(f"Question {place + 1}", **kept(self.key(f"check-{place}", kind), first.prompt))
            answers = st.text_input(
                "Its answers, the right one first, separated by semicolons; raters see them in another order",
                **kept(self.key(f"check-answers-{place}", kind), "; ".join((first.right, *first.wrong))),
            )
            right, *wrong = [one.strip() for one in answers.split(";") if one.strip()] or [""]
            try:
                found.append(CheckQuestion(prompt.strip(), right, tuple(wrong)))
            except BcosError as error:
                show_error(f"{error} It is left out.")
        return tuple(found)

    def _questions(self, given: tuple[Question, ...], protocol: Protocol) -> tuple[Question, ...]:
        if not protocol.reworded:
            return tuple(self._question(place, question, protocol) for place, question in enumerate(given))
        number = int(
            st.number_input(
                "How many questions", 1, _MOST_QUESTIONS, **kept(self.key(f"questions-{protocol.name}"), len(given))
            )
        )
        added = [
            replace(_NEW_QUESTION, name=f"{_NEW_QUESTION.name}_{place + 1}") for place in range(len(given), number)
        ]
        wanted = [*given[:number], *added]
        return tuple(self._question(place, question, protocol) for place, question in enumerate(wanted))

    def _question(self, place: int, question: Question, protocol: Protocol) -> Question:
        """One question as reworded; what does not fit is said, and the usual wording kept."""
        key = f"{protocol.name}-{place}"
        if not protocol.reworded:
            prompt = st.text_input("Question", **kept(self.key(f"prompt-{key}"), question.prompt))
            return replace(question, prompt=prompt or question.prompt)
        columns = st.columns([1, 4])
        name = columns[0].text_input(
            "Short name",
            max_chars=40,
            help="Its column in the export.",
            **kept(self.key(f"name-{key}"), question.name),
        )
        prompt = columns[1].text_input("Question", **kept(self.key(f"prompt-{key}"), question.prompt))
        labels = st.text_input(
            "Its points, from 1 on, separated by semicolons",
            **kept(self.key(f"labels-{key}"), "; ".join(question.labels)),
        )
        points = tuple(label.strip() for label in labels.split(";") if label.strip())
        try:
            return replace(question, name=name.strip(), prompt=prompt or question.prompt, labels=points)
        except BcosError as error:
            show_error(f"{error} The usual wording is kept.")
            return question
