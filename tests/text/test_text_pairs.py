"""Two texts as one: how they are written, read from tables, and tokenized."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from bcos_core.errors import DataError, InputError, TextError
from bcos_core.text.columns import Columns, choose_columns
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.encoding import collate, encode, fit_within
from bcos_core.text.files import load_file
from bcos_core.text.pair import SEPARATOR, halves, is_pair, one_line, pair, require_texts, texts_of
from bcos_core.text.sentences import sentence_spans
from bcos_core.text.split import normalize
from bcos_core.text.units import sentence_units, token_units, word_units
from bcos_core.text.words import word_spans
from tests.built_tokenizers import KINDS, built_tokenizer


def test_a_pair_is_its_two_texts() -> None:
    text = pair("  A film. ", "Not\x1fdull!")
    assert text == f"A film.{SEPARATOR}Not dull!" and is_pair(text) and not is_pair("A film.")
    assert texts_of(text) == ("A film.", "Not dull!") == tuple(text[start:end] for start, end in halves(text))
    assert halves("A film.") == ((0, 7),) and one_line(text) == "A film. ‖ Not dull!"
    for first, second, which in (("", "b", "first"), ("a", " \u200b", "second")):
        with pytest.raises(TextError, match=f"The {which} text of a pair is empty"):
            pair(first, second)
    with pytest.raises(TextError, match="A pair has two texts; 3 were given"):
        texts_of("a\x1fb\x1fc")


def test_nothing_reaches_over_the_border() -> None:
    text = pair("It is well-", "-known, and good")
    border = text.index(SEPARATOR)
    for spans in (word_spans(text), sentence_spans(text)):
        assert all(end <= border or start > border for start, end in spans)
    assert normalize(pair("a b", "c")) != normalize(pair("a", "b c"))
    assert normalize("A\x1f B ") == "a\x1fb"


def test_a_model_s_own_number_of_texts() -> None:
    require_texts("m", None, ["a", pair("a", "b")])
    with pytest.raises(TextError, match=r"Text 2 is one text, but m was trained to read two texts.*second one"):
        require_texts("m", True, [pair("a", "b"), "a"])
    with pytest.raises(TextError, match="Text 1 is a pair of texts, but m was trained to read one text"):
        require_texts("m", False, [pair("a", "b")])


@pytest.mark.parametrize("kind", ["wordpiece", "byte-level"])
def test_ids_are_the_tokenizer_s_own(kind: str) -> None:
    tokenizer = built_tokenizer(kind)
    first, second = "A charming film", "it isn't good, très long"
    text = pair(first, second)
    encoded, alone = encode(tokenizer, [text, first], 48)
    expected = tokenizer(first, second)
    assert list(encoded.ids) == expected["input_ids"]
    types = expected.get("token_type_ids")
    assert encoded.token_type_ids == (None if types is None else tuple(types)) and (kind == "wordpiece") == bool(types)
    assert alone.token_type_ids is None and encoded.truncated_at is None
    spans = [(token.start, token.end) for token in encoded.tokens if not token.added]
    assert all(end <= len(first) or start > len(first) for start, end in spans)  # type: ignore[operator]
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == (first + second).replace(" ", "")
    batch = collate(tokenizer, [encoded, alone])
    assert collate(tokenizer, [alone]).token_type_ids is None
    if types is None:
        assert batch.token_type_ids is None
    else:
        assert batch.token_type_ids is not None and batch.token_type_ids.shape == batch.input_ids.shape
        assert batch.token_type_ids[1].sum() == 0 and batch.token_type_ids[0].tolist() == types


def line_break_tokenizer(alphabet: list[str]) -> PreTrainedTokenizerBase:
    """As GPT-2's: bytes, and no token of its own around or between texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["a charming film", "not good"], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def test_a_line_break_stands_where_the_tokenizer_puts_nothing() -> None:
    tokenizer = line_break_tokenizer(pre_tokenizers.ByteLevel.alphabet())
    (encoded,) = encode(tokenizer, [pair("a film", "not good")], 48)
    ids = [list(tokenizer(part)["input_ids"]) for part in ("a film", "\n", "not good")]
    assert list(encoded.ids) == [*ids[0], *ids[1], *ids[2]]
    assert [position for position, token in enumerate(encoded.tokens) if token.added] == [len(ids[0])]
    (cut,) = encode(tokenizer, [pair("a film " * 20, "not good")], 16)
    assert len(cut) == 16 and cut.truncated_at is not None
    assert list(cut.ids)[-len(ids[2]) :] == ids[2]  # the longer text gives way


def test_the_longer_text_is_cut_first_and_what_was_cut_is_known() -> None:
    tokenizer = built_tokenizer("wordpiece")
    first, second = "film good " * 30, "not dull"
    text = pair(first, second)
    (encoded,) = encode(tokenizer, [text], 20)
    reference = tokenizer(first.strip(), second, truncation=True, max_length=20)
    assert list(encoded.ids) == reference["input_ids"] and fit_within(tokenizer, [text, second], 20) == [False, True]
    assert encoded.truncated_at == max(t.end for t in encoded.tokens if t.end is not None and t.end < len(first))
    both = pair(first, first)
    (cut,) = encode(tokenizer, [both], 21)
    ends = [max(token.end or 0 for token in cut.tokens if start <= (token.start or -1) <= end)
            for start, end in halves(both)]  # fmt: skip
    assert cut.truncated_at == ends[0] < halves(both)[0][1] and ends[1] < len(both)
    with pytest.raises(InputError, match="max_length"):
        encode(tokenizer, [both], 4)


@pytest.mark.parametrize("kind", KINDS)
def test_no_unit_is_in_both_texts(kind: str) -> None:
    text = pair("good film  ", "\n  dull film")
    (encoded,) = encode(built_tokenizer(kind), [f"good film  {SEPARATOR}\n  dull film"], 48)
    for of in (token_units, word_units, sentence_units):
        units = of(encoded.text, encoded.tokens)
        border = encoded.text.index(SEPARATOR)
        assert all(unit.end <= border or unit.start > border for unit in units)
        assert all(one.end <= other.start for one, other in pairwise(units))
        positions = sorted(position for unit in units for position in unit.positions)
        assert positions == [position for position, token in enumerate(encoded.tokens) if not token.added]
        for unit in units:
            sides = {(encoded.tokens[position].start or 0) > border for position in unit.positions}
            assert len(sides) <= 1
    assert text == "good film\x1fdull film"


@pytest.mark.parametrize("text", [f"a{SEPARATOR}", f"{SEPARATOR}b", f" {SEPARATOR}\n"])
def test_a_missing_text_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="Text 1 has a text that is empty"):
        encode(built_tokenizer("wordpiece"), [text], 48)


def test_the_usual_columns_are_found() -> None:
    assert choose_columns(["idx", "premise", "hypothesis", "label"], None, None) == Columns(
        "premise", "label", "hypothesis"
    )
    assert choose_columns(["Sentence1", "sentence2", "label", "text"], None, None).texts == ("Sentence1", "sentence2")
    # A text column that is named is a single text's, unless the second one is named too.
    assert choose_columns(["premise", "hypothesis", "label"], "premise", None).second is None
    assert choose_columns(["a", "b", "label"], "b", None, None, "a") == Columns("b", "label", "a")
    assert choose_columns(["text", "label", "premise"], None, None) == Columns("text", "label")
    with pytest.raises(DataError, match="both the text and the second text"):
        choose_columns(["a", "label"], "a", None, None, "a")
    with pytest.raises(DataError, match="no column 'c'"):
        choose_columns(["a", "label"], "a", None, None, "c")


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_file_in_the_shape_of_snli(name: str, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"premise": f" Man {n}\x1f runs", "hypothesis": f"He sits {n}", "gold_label": ("no", "yes")[n % 2]}
        for n in range(30)
    ]
    rows += [{**rows[0], "hypothesis": " "}, {**rows[0], "premise": ""}, {**rows[1], "premise": "Only one"}]
    path = write(tmp_path / name, rows)
    data = load_file(path, label_column="gold_label")
    assert data.text_columns == ("premise", "hypothesis") and data.pairs
    texts = {text for side in (data.train, data.validation, data.test) for text in side.texts}
    assert texts == {pair(f"Man {n}  runs", f"He sits {n}") for n in range(30)} | {pair("Only one", "He sits 1")}
    assert "Rows left out because one of their texts or their label is empty: 2." in data.notes
    single = load_file(path, "premise", "gold_label")
    assert single.text_columns == ("premise",) and not any(map(is_pair, single.train.texts))
    turned = load_file(path, "hypothesis", "gold_label", second_column="premise")
    assert turned.text_columns == ("hypothesis", "premise")


def test_a_file_without_second_texts_is_refused(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"premise": f"a {n}", "hypothesis": "", "label": n % 2} for n in range(30)]
    with pytest.raises(
        DataError, match=r"None of the 30 rows has two texts, in the columns 'premise' and 'hypothesis'"
    ):
        load_file(write(tmp_path / "rows.jsonl", rows))


def test_rationales_stand_in_both_texts(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"premise": f"Two dogs {n}", "hypothesis": f"Three dogs {n}", "label": n % 2, "why": ["Two", "Three"]}
        for n in range(30)
    ]
    data = load_file(write(tmp_path / "rows.jsonl", rows), rationale_column="why")
    text = pair("Two dogs 7", "Three dogs 7")
    assert [text[start:end] for start, end in data.rationales[text][0]] == ["Two", "Three"]


def test_template_pairs_need_both_texts_and_name_their_reasons() -> None:
    data = EMBEDDED_TASKS["template-pairs"].load()
    assert data.text_columns == ("premise", "hypothesis") and data.labels == ("follows", "does not follow")
    rows = [
        *zip(data.train.texts, data.train.labels, strict=True),
        *zip(data.test.texts, data.test.labels, strict=True),
    ]
    assert len(rows) > 4_000
    for half in (0, 1):  # what one sentence alone says of the label
        seen: dict[str, list[int]] = {}
        for text, label in rows:
            for word in {*texts_of(text)[half].lower().split()} - {"not"}:
                seen.setdefault(word, []).append(int(label))  # type: ignore[arg-type]
        shares = [sum(labels) / len(labels) for labels in seen.values() if len(labels) > 200]
        assert len(shares) > 20 and all(0.4 < share < 0.6 for share in shares)
    for text, label in rows[:300]:
        first, second = texts_of(text)
        reasons = {text[start:end].lower() for one in data.rationales.get(text, ()) for start, end in one}
        negated = [" not " in half for half in (first, second)]
        numbers = [half.lower().replace(",", "").split() for half in (first, second)]
        same_number = numbers[0][0] in numbers[1]
        if negated[0] != negated[1]:
            assert label == 1 and reasons == {"not"}
        elif not same_number:
            assert label == 1 and numbers[0][0] in reasons and len(reasons) == 2
        elif not reasons:
            assert label == 0 and not any(negated)


def test_a_second_text_that_stands_first_is_apart_already() -> None:
    tokenizer = line_break_tokenizer(pre_tokenizers.ByteLevel.alphabet())
    backend = tokenizer.backend_tokenizer
    number = backend.token_to_id("!")
    for form, between in (("$B:1 !:1 $A", 0), ("$B:1 $A", 1)):
        backend.post_processor = processors.TemplateProcessing(pair=form, special_tokens=[("!", number)])
        (encoded,) = encode(tokenizer, [pair("a film", "not good")], 48)
        lines = [token for token in encoded.tokens if token.text == "\u010a"]
        assert len(lines) == between
        first = [token.start for token in encoded.tokens if not token.added]
        assert first[0] == len("a film") + 1 and first[-1] < len("a film")
        added = [place for place, token in enumerate(encoded.tokens) if token.added]
        assert 0 < added[0] < len(encoded.tokens) - 1 and len(added) == 1
