"""How much work each text is for each part of an evaluation, now that the texts are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bcos_core.evaluate.plan import (
    CURVE_PASSES,
    CURVES,
    SINGLES,
    explanation_seconds,
    part_of,
    pass_seconds,
    pointing_part_of,
)
from bcos_core.evaluate.pointing import Pair
from bcos_core.model.classifier import Classifier
from bcos_core.model.size import ModelSize
from bcos_core.text.encoding import encode


class Work:
    """Of one model: texts are worked on longest first, so that half of them are more than half of the work.

    A unit is a microsecond of the reference machine, whole, so that parts add up to the sum. What a text costs a
    method follows from its tokens and the passes that the method makes of so many.
    """

    def __init__(
        self, classifier: Classifier, methods: Sequence[str], texts: Sequence[str], pairs: Sequence[Pair]
    ) -> None:
        config = classifier.model.config
        self._size = ModelSize.of(config.to_dict())
        lengths = encode(classifier.tokenizer, texts, classifier.max_length)
        self._tokens: dict[str | Pair, int] = dict(zip(texts, map(len, lengths), strict=True))
        joined = encode(classifier.tokenizer, [pair.text for pair in pairs], classifier.max_length)
        self._tokens |= dict(zip(pairs, map(len, joined), strict=True))
        self._methods, self._texts, self._pairs = methods, texts, pairs

    @property
    def totals(self) -> dict[str, int]:
        """Of every part, in units."""
        of_pairs = {part: self.units(part, self._pairs) for part in map(pointing_part_of, self._methods)}
        of_texts = {part: self.units(part, self._texts) for part in (*map(part_of, self._methods), SINGLES)}
        return {**of_texts, **of_pairs, CURVES: len(self._methods) * self.units(CURVES, self._texts)}

    def units(self, part: str, items: Sequence[str | Pair]) -> int:
        """Of so many texts or pairs of a part; of the curves, once for each time that a text is named."""
        one = self._of_one(part)
        return sum(round(1e6 * one(self._tokens[item])) for item in items)

    def _of_one(self, part: str) -> Callable[[int], float]:
        if part == CURVES:
            return lambda tokens: CURVE_PASSES * pass_seconds(self._size, tokens)
        if part == SINGLES:
            return lambda tokens: tokens * pass_seconds(self._size, tokens)
        method = next(name for name in self._methods if part in (part_of(name), pointing_part_of(name)))
        return lambda tokens: explanation_seconds(self._size, method, tokens)
