"""The fields of a study's design: protocol, conditions, texts, numbers, wording. They begin with what another has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo
from bcos_core.storage.collections import Collections
from bcos_core.study.design import NO_HEATMAP, Condition, Exclusion, StudyDesign
from bcos_core.study.plan import MOST_RATERS_PER_ITEM
from bcos_core.study.protocol import Protocol
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.selection import ANSWERED, LONGEST_SEARCH, Source, strata_of
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from pages.widgets.errors import show_error
from pages.widgets.plain import plain
from pages.widgets.studies import database

_TEST_SET = ""
_MOST_QUESTIONS = 6
_NEW_QUESTION = Question(
    "clarity", "How clear is this explanation?", "scale", ("Not at all", "Hardly", "In part", "Mostly", "Fully")
)


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
        title = st.text_input("Title", self.base.title, max_chars=120, key=self.key("title"))
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
            [names[path] for path in self.base.checkpoints if path in names],
            format_func=lambda name: self.known[name].name,
            key=self.key("models"),
        )
        return [self.known[name] for name in chosen]

    def _protocol(self, kind: TaskType) -> Protocol:
        """One of the protocols that suit the models' answers; why others are not there stands below."""
        reasons = {name: PROTOCOLS[name].unsupported(kind) for name in PROTOCOLS}
        titled = sorted(PROTOCOLS, key=lambda name: PROTOCOLS[name].title)
        fitting = [name for name in titled if reasons[name] is None]
        name = str(
            st.segmented_control(
                "Protocol",
                fitting,
                default=self.base.protocol if self.base.protocol in fitting else fitting[0],
                format_func=lambda name: PROTOCOLS[name].title,
                required=True,
                key=self.key("protocol", kind),
            )
        )
        st.caption(plain(PROTOCOLS[name].description))
        for reason in filter(None, reasons.values()):
            st.caption(plain(reason))
        return PROTOCOLS[name]

    def _conditions(self, protocol: Protocol, models: list[CheckpointInfo]) -> tuple[Condition, ...]:
        """Every chosen method on every chosen model that it can serve."""
        methods = [method.name for method in METHODS.values() if not method.chance]
        methods += [NO_HEATMAP] if protocol.without_heatmap else []
        usual = list(dict.fromkeys(one.method for one in self.base.conditions if one.method in methods))
        wanted = st.multiselect(
            "Methods",
            methods,
            usual,
            format_func=lambda name: METHODS[name].title if name else "No heatmap",
            key=self.key(f"methods-{protocol.without_heatmap}"),
        )
        conditions = []
        for info in models:
            for name in wanted:
                reason = METHODS[name].unsupported(is_bcos=info.kind == "bcos") if name else None
                if reason:
                    st.caption(plain(f"{METHODS[name].title} on {info.name} is left out. {reason}"))
                else:
                    conditions.append(Condition(str(info.path), name))
        return tuple(conditions)

    def _texts(self, kind: TaskType) -> Source:
        base, titles = self.base.source, strata_of(kind)
        names = Collections(database()).names()
        sources = [_TEST_SET, *names]
        columns = st.columns(4, vertical_alignment="bottom")
        collection = columns[0].selectbox(
            "Texts",
            sources,
            sources.index(base.collection) if base.collection in sources else 0,
            format_func=lambda name: f"Collection “{name}”, {names[name]}" if name else "Random from the test set",
            key=self.key("source"),
        )
        texts = columns[1].number_input("How many", 1, 5000, base.count, key=self.key("count"))
        strata = columns[2].multiselect(
            "Equal numbers by",
            list(titles),
            [name for name in base.strata if name in titles],
            format_func=titles.__getitem__,
            disabled=bool(collection),
            key=self.key("strata", kind),
        )
        longest = max(200, base.most)
        with columns[3], st.popover("Filter texts", width="stretch"):
            least, most = st.slider("Words of a text", 1, longest, (base.least, base.most), key=self.key("lengths"))
            contains = st.text_input("Text contains", base.contains, max_chars=LONGEST_SEARCH, key=self.key("contains"))
            answered = (
                st.selectbox(
                    "The first model answers",
                    list(ANSWERED),
                    list(ANSWERED).index(base.answered),
                    format_func=ANSWERED.__getitem__,
                    key=self.key("answered"),
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
                "Items for each rater", 1, 500, min(base.items_per_rater, source.count), key=self.key("share")
            ),
            "raters_per_item": columns[1].number_input(
                "Answers for each item",
                1,
                MOST_RATERS_PER_ITEM,
                base.raters_per_item,
                help="Over all conditions together; they are balanced.",
                key=self.key("answers"),
            ),
            "practice": columns[2].number_input("Practice items", 0, 10, base.practice, key=self.key("practice")),
        }
        if protocol.live:
            wanted["tries"] = columns[3].number_input("Tries for each text", 1, 50, base.tries, key=self.key("tries"))
        if protocol.instructed_checks:
            wanted["instructed"] = columns[-1].number_input(
                "Instructed checks",
                0,
                10,
                base.instructed or int(not PROTOCOLS[base.protocol].instructed_checks),
                help="Texts that say what to answer: who fails them does not read.",
                key=self.key("instructed"),
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
                base.instructions if own else protocol.instructions_for(kind),
                height=120,
                key=self.key(f"instructions-{protocol.name}", kind),
            )
            consent = st.text_area("Consent", base.consent, height=90, key=self.key("consent"))
            questions = self._questions(base.questions if own else protocol.questions, protocol)
            columns = st.columns(4)
            random = columns[0].number_input(
                "Random heatmaps",
                0,
                10,
                base.random,
                disabled=protocol.random_check is None,
                help="Planted, to see who looks.",
                key=self.key("random"),
            )
            failed = columns[1].number_input(
                "Failed checks allowed", 0, 10, min(10, base.exclusion.failed_checks), key=self.key("failed")
            )
            fastest = columns[2].number_input(
                "Fastest median, seconds",
                0.0,
                60.0,
                min(60.0, base.exclusion.fastest),
                help="0 for no such rule.",
                key=self.key("fastest"),
            )
            seed = columns[3].number_input("Seed", 0, 2**32 - 1, base.seed, key=self.key("seed"))
        return {
            "instructions": instructions,
            "consent": consent,
            "questions": questions,
            "random": int(random) if protocol.random_check is not None else 0,
            "exclusion": Exclusion(int(failed), float(fastest)),
            "seed": int(seed),
        }

    def _questions(self, given: tuple[Question, ...], protocol: Protocol) -> tuple[Question, ...]:
        if not protocol.reworded:
            return tuple(self._question(place, question, protocol) for place, question in enumerate(given))
        number = int(
            st.number_input(
                "How many questions", 1, _MOST_QUESTIONS, len(given), key=self.key(f"questions-{protocol.name}")
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
            prompt = st.text_input("Question", question.prompt, key=self.key(f"prompt-{key}"))
            return replace(question, prompt=prompt or question.prompt)
        columns = st.columns([1, 4])
        name = columns[0].text_input(
            "Short name", question.name, max_chars=40, help="Its column in the export.", key=self.key(f"name-{key}")
        )
        prompt = columns[1].text_input("Question", question.prompt, key=self.key(f"prompt-{key}"))
        labels = st.text_input(
            "Its points, from 1 on, separated by semicolons", "; ".join(question.labels), key=self.key(f"labels-{key}")
        )
        points = tuple(label.strip() for label in labels.split(";") if label.strip())
        try:
            return replace(question, name=name.strip(), prompt=prompt or question.prompt, labels=points)
        except BcosError as error:
            show_error(f"{error} The usual wording is kept.")
            return question
