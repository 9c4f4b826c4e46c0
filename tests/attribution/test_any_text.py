"""What holds for every text and every kind of tokenizer, with texts that hypothesis makes up."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bcos_core import explain
from bcos_core.attribution.aggregation import SpanScore, sentence_scores, word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.strike import strike
from bcos_core.errors import TextError
from bcos_core.model.classifier import Classifier, predict
from bcos_core.render.pieces import GRANULARITIES, pieces, unit_scores
from bcos_core.text.blank import is_blank
from bcos_core.text.encoding import encode
from bcos_core.text.pair import SEPARATOR, halves, is_pair, without_separator
from bcos_core.text.units import token_units
from tests.built_tokenizers import KINDS, MAX_LENGTH, built_tokenizer, tiny_classifier

FRAGMENTS = [" ", "  ", "\n", "\t\n", "\u3000", "good", "film", "It isn't", "!!!", "...", ":)", "—", "-", "'", "a. B"]
FRAGMENTS += ["[SEP]", "[MASK]", "[PAD]", "[UNK]", "</s>", "<mask>", "<pad>", " <mask>", "<b>", "Ġ", "▁", "##"]
FRAGMENTS += [
    "😀",
    "👨‍👩‍👧",
    "👍🏽",
    "🇩🇪",
    "🇩🇪🇫🇷",
    "映画",
    "。",
    "é",
    "e\u0301",
    "\u0301",
    "ﬁ",
    "½",
    "İ",
    "ß",
    "فيلم",
    "हि",
]
FRAGMENTS += ["\u200b", "\u200d", "\ufe0f", "\ufffd", "\ufeff", "\0", "\x1c", "\ud800", "\udc00", "\ud83d\ude00"]
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(), max_size=4)), max_size=9).map(
    lambda parts: without_separator("".join(parts))
)
LONG = TEXTS.map(lambda text: text * 5)
PAIRS = st.tuples(st.one_of(TEXTS, LONG), st.one_of(TEXTS, LONG)).map(SEPARATOR.join)

kinds = pytest.mark.parametrize("kind", KINDS)
examples = partial(settings, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
CLASSIFIERS: dict[str, Classifier] = {}


def classifier_of(kind: str) -> Classifier:
    return CLASSIFIERS.setdefault(kind, tiny_classifier(kind))


def explained(kind: str, text: str, **options: str) -> Attribution | None:
    """Nothing for a text that is refused: only where there is nothing to read in it."""
    try:
        return explain(classifier_of(kind), text, **options)
    except TextError:
        readable = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
        parts = readable.split(SEPARATOR)
        ids = [built_tokenizer(kind)(part, add_special_tokens=False).input_ids for part in parts]
        assert any(map(is_blank, parts)) or not all(ids)
        return None


def positions_by_characters(record: Attribution, start: int, end: int) -> list[int]:
    """The tokens of some characters, said plainly: those that have one of them, through whatever shares characters with
    them, and tokens without a visible character by the next that has one, or the last."""
    characters: list[set[int]] = []
    for token in record.tokens:
        span = range(token.start or 0, token.end or 0)
        characters.append({place for place in span if not record.text[place].isspace()})
    ordinary = [position for position, token in enumerate(record.tokens) if not token.added]
    wanted = set(range(start, end))
    grown = True
    while grown:
        touched = [characters[position] for position in ordinary if characters[position] & wanted]
        grown = bool(set().union(*touched) - wanted)
        wanted |= set().union(*touched)
    found = []
    for first, last in halves(record.text):  # of a pair, each text by itself
        here = [position for position in ordinary if first <= (record.tokens[position].start or 0) <= last]
        visible = [position for position in here if characters[position]]
        if not visible and first <= start < last:
            found += here
        for position in here if visible else ():
            stand_in = next((other for other in visible if other >= position), visible[-1])
            found += [position] if characters[stand_in] & wanted else []
    return found


@kinds
@examples(max_examples=35)
@given(text=st.one_of(TEXTS, LONG, PAIRS))
def test_pieces_hold_every_character_and_every_token_once(kind: str, text: str) -> None:
    record = explained(kind, text)
    if record is None:
        return
    ordinary = [position for position, token in enumerate(record.tokens) if not token.added]
    spans = [(record.tokens[position].start, record.tokens[position].end) for position in ordinary]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    units = token_units(text, record.tokens)
    assert sorted(position for unit in units for position in unit.positions) == ordinary
    assert all(0 <= unit.start < unit.end <= len(text) for unit in units)
    assert all(one.end <= other.start for one, other in pairwise(units))
    words, sentences = word_scores(record), sentence_scores(record)
    for granularity in (words, sentences):
        assert all(one.end <= other.start for one, other in pairwise(granularity))
        within = text
        for start, end in record.unread if granularity is sentences else ():
            within = within[:start] + " " * (end - start) + within[end:]
        bare = "".join(text[span.start : span.end] for span in granularity if text[span.start : span.end].strip())
        assert "".join(bare.split()) == "".join(within.split())
        assert sum(span.score for span in granularity) + record.added_share == pytest.approx(
            sum(record.scores), abs=1e-9
        )
    for granularity in GRANULARITIES:
        drawn = pieces(record, granularity)
        places = [(piece.start, piece.end) for piece in drawn if piece.kind != "added"]
        assert "".join(text[start:end] for start, end in places) == text
        assert all(text[p.start : p.end] == p.text for p in drawn if p.kind in ("unit", "gap", "cut"))
        assert [p.kind for p in drawn].count("heading") == (2 if is_pair(text) else 0)
        assert all(piece.text for piece in drawn)
        assert sum(unit_scores(record, granularity)) + record.added_share == pytest.approx(sum(record.scores), abs=1e-9)


@kinds
@examples(max_examples=35)
@given(text=st.one_of(TEXTS, PAIRS), at=st.integers(0, 99))
@example(text="x 🎬 y", at=1)
@example(text="x\n— y", at=1)
@example(text="x 日 y", at=1)
@example(text="x [SEP] </s> y", at=1)
@example(text="🇩🇪🇫🇷 x", at=1)
def test_what_is_struck_is_what_was_scored(kind: str, text: str, at: int) -> None:
    record = explained(kind, text)
    if record is None:
        return
    classifier = classifier_of(kind)
    tokens = [SpanScore("", unit.start, unit.end, sum(record.scores[p] for p in unit.positions), True)
              for unit in token_units(text, record.tokens)]  # fmt: skip
    for granularity in (word_scores(record), sentence_scores(record), tokens):
        read = [span for span in granularity if span.read]
        span = read[at % len(read)]
        result = strike(classifier, record, [(span.start, span.end)])
        assert result.predicted_change == pytest.approx(-span.score, abs=1e-9)
        gone = positions_by_characters(record, span.start, span.end)
        assert result.struck == len(gone)
        (whole,) = encode(classifier.tokenizer, [text], MAX_LENGTH)
        ids = torch.tensor([whole.ids])
        places = torch.arange(ids.shape[1])[None]
        if kind == "byte-level":  # as RoBERTa counts the whole text
            counts = (ids != 1).long()
            places = counts.cumsum(1) * counts + 1
        ids[0, gone] = classifier.tokenizer.mask_token_id
        types = {"token_type_ids": torch.tensor([whole.token_type_ids])} if whole.token_type_ids else {}
        with torch.no_grad():
            after = classifier.model(input_ids=ids, position_ids=places, **types).logits[0, record.target.index].item()
        assert result.actual_change == pytest.approx(after - record.logit, abs=1e-5)


@kinds
@examples(max_examples=16)
@given(text=st.one_of(TEXTS, LONG, PAIRS))
def test_one_text_gives_what_it_gives_among_others(kind: str, text: str) -> None:
    classifier = classifier_of(kind)
    for options in ({"reference": "pad"}, {"method": "occlusion", "reference": "pad"}):
        record = explained(kind, text, **options)
        if record is None:
            return
        others = ["good", "a charming film " * 5, "film good"]
        among = explain(classifier, [*others, text], target=record.target, **options)[-1]
        assert among.tokens == record.tokens and among.truncated_at == record.truncated_at
        assert among.scores == pytest.approx(record.scores, abs=1e-5)
        assert among.logits == pytest.approx(record.logits, abs=1e-5)
        assert predict(classifier, [text])[0].logits == pytest.approx(record.logits, abs=1e-5)
