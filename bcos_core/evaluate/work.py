"""How much work each text is for each part of an evaluation, and how much of it was done before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.gather import chunks
from bcos_core.evaluate.plan import (
    CURVES,
    LIMITS,
    MOVES,
    SETS,
    SETS_OF_A_TEXT,
    SINGLES,
    SOFT,
    SOFT_PASSES,
    curve_seconds,
    explanation_seconds,
    methods_on,
    moving_part_of,
    part_of,
    pass_seconds,
    pointing_part_of,
    search_passes,
)
from bcos_core.evaluate.pointing import Pair
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.settled import explainer_subject, settled
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.subjects import (
    EXPLANATION,
    POINTING,
    curves_kind,
    limits_item,
    limits_kind,
    moves_kind,
    sets_kind,
    singles_kind,
    soft_kind,
)
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, read_config
from bcos_core.model.named_tokens import named_tokens
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.text.size import SPECIAL_TOKENS, about_tokens


@dataclass(frozen=True)
class Work:
    """Of one model, before it is loaded. Texts are worked on longest first: half of them are more than half of it.

    A unit is a microsecond of the reference machine, whole, so that parts add up to the sum. What a text costs a
    method follows from its tokens, as far as its words tell them, from those of the longest that it is worked on with,
    and the passes that the method makes of so many.
    """

    spec: EvaluationSpec
    model: CheckpointInfo
    texts: Sequence[str]
    pairs: Sequence[Pair]

    @property
    def parts(self) -> list[str]:
        """What the scores of the spec need."""
        methods, needs = methods_on(self.spec, self.model), self.spec.needs
        of_methods = [(part_of, True), (moving_part_of, needs("sensitivity")), (pointing_part_of, needs("pointing"))]
        shared = [(LIMITS, "limits"), (CURVES, "curves"), (SINGLES, "leave_one_out"), (SETS, "sets")]
        shared += [(part, evidence) for evidence, part in SOFT.items()]
        return [
            *[named(method) for named, needed in of_methods if needed for method in methods],
            *[part for part, evidence in shared if needs(evidence)],
        ]

    @property
    def totals(self) -> dict[str, int]:
        """Of every part, in units."""
        methods = methods_on(self.spec, self.model)
        items: dict[str, Sequence[str | Pair]] = dict.fromkeys(map(pointing_part_of, methods), self.pairs)
        items |= {part: [*self.texts] * len(methods) for part in (CURVES, *SOFT.values())}
        return {part: self.units(part, items.get(part, self.texts)) for part in self.parts}

    def units(self, part: str, items: Sequence[str | Pair]) -> int:
        """Of so many texts or pairs of a part; of what every method is asked, once for each time that one is named."""
        one = cache(self._of_one(part))  # many texts are of the same length
        if part == LIMITS:
            items = [item for item in items if item in self._searched]
        return sum(round(1e6 * one(self._tokens(item), self._longest[item])) for item in items)

    def known(self, store: EvidenceStore) -> dict[str, int]:
        """Units of every part that `store` has already.

        Raises:
            CheckpointError: the model's folder cannot be read.
        """
        spec, identity = self.spec, folder_identity(self.model.path)
        found: dict[str, int] = {}

        def look(part: str, subject: str, kind: str, items: Sequence[str | Pair]) -> None:
            names = store.known(subject, kind, map(name_of, items))
            found[part] = found.get(part, 0) + self.units(part, [item for item in items if name_of(item) in names])

        for name in methods_on(spec, self.model):
            explained, pointed = (self._explainer(identity, length, name) for length in self._limits)
            look(part_of(name), explained, EXPLANATION, self.texts)
            if spec.needs("curves"):
                look(CURVES, explained, curves_kind(spec.removal), self.texts)
            for evidence, part in SOFT.items():
                if spec.needs(evidence):
                    look(part, explained, soft_kind(evidence, spec.seed), self.texts)
            if spec.needs("sensitivity"):
                look(moving_part_of(name), explained, moves_kind(spec.seed), self.texts)
            if spec.needs("pointing"):
                look(pointing_part_of(name), pointed, POINTING, self.pairs)
        own = model_subject(identity, self.model.max_length)
        if spec.needs("leave_one_out"):
            look(SINGLES, own, singles_kind(spec.removal), self.texts)
        if spec.needs("sets"):
            look(SETS, own, sets_kind(spec.removal, spec.seed), self.texts)
        if spec.needs("limits"):
            found[LIMITS] = self.units(LIMITS, self._with_limits(identity, own, store))
        return found

    def _with_limits(self, identity: str, own: str, store: EvidenceStore) -> list[str]:
        """Texts whose limits are there, of the class that the first method has explained: it is the same for all."""
        spec = self.spec
        first = self._explainer(identity, self._limits[0], methods_on(spec, self.model)[0])
        explained = store.find(first, EXPLANATION, map(name_of, self.texts))
        items = {
            text: limits_item(text, explained[name_of(text)]["target"])
            for text in self.texts
            if name_of(text) in explained
        }
        kind = limits_kind(spec.removal, spec.probability, spec.beam_width)
        there = store.known(own, kind, items.values())
        return [text for text, item in items.items() if item in there]

    @cached_property
    def _searched(self) -> frozenset[str]:
        """Texts that are short enough for limits, as far as their words tell."""
        short = [text for text in self.texts if about_tokens(text) - SPECIAL_TOKENS <= self.spec.bounded_length]
        return frozenset(short[: self.spec.bounded_texts])

    @cached_property
    def _limits(self) -> tuple[int, int]:
        """Tokens of a text, and of a pair, that the model reads."""
        return self.model.max_length, read_config(self.model.path).position_limit

    @cached_property
    def _longest(self) -> dict[str | Pair, float]:
        """Tokens of the longest text or pair of each one's chunk."""
        found: dict[str | Pair, float] = {}
        batches: list[Sequence[str | Pair]] = [*chunks(sorted(self.texts, key=len, reverse=True)), *chunks(self.pairs)]
        for batch in batches:
            found |= dict.fromkeys(batch, max(map(self._tokens, batch)))
        return found

    def _explainer(self, identity: str, max_length: int, name: str) -> str:
        """The subject of a method's evidence."""
        method, spec = METHODS[name], self.spec
        tokens = named_tokens(self.model.path)
        wanted = REMOVALS[spec.removal].reference_with(tokens)
        reference, options = settled(method, reference=wanted, options=spec.options.get(name, {}), tokens=tokens)
        return explainer_subject(identity, max_length, method, reference=reference, options=options, seed=spec.seed)

    def _tokens(self, item: str | Pair) -> float:
        of_text, of_pair = self._limits
        return min(about_tokens(item.text), of_pair) if isinstance(item, Pair) else min(about_tokens(item), of_text)

    def _of_one(self, part: str) -> Callable[[float, float], float]:
        """Seconds of a text of so many tokens, in a chunk whose longest has so many."""
        model = self.model
        if part == CURVES:
            return lambda tokens, longest: curve_seconds(model, tokens)
        if part in SOFT.values():
            return lambda tokens, longest: SOFT_PASSES * pass_seconds(model, tokens)
        if part == SINGLES:
            return lambda tokens, longest: tokens * pass_seconds(model, tokens)
        if part == SETS:
            return lambda tokens, longest: (SETS_OF_A_TEXT + 1) * pass_seconds(model, tokens)
        methods = methods_on(self.spec, model)
        if part == LIMITS:
            search = partial(search_passes, width=self.spec.beam_width, methods=len(methods))
            return lambda tokens, longest: search(tokens - SPECIAL_TOKENS) * pass_seconds(model, tokens)
        parts = {named(name): name for name in methods for named in (part_of, moving_part_of, pointing_part_of)}
        # each move of the words is explained, and either class of a pair
        times = {moving_part_of(parts[part]): MOVES, pointing_part_of(parts[part]): 2}.get(part, 1)
        return lambda tokens, longest: times * explanation_seconds(model, parts[part], tokens, longest)
