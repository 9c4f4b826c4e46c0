"""What Python callers pass: columns and arrays of texts, NumPy's and torch's numbers; and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from datasets import Dataset

from bcos_core import calibrate, convert, explain
from bcos_core.attribution.record import Attribution, Target
from bcos_core.errors import InputError, TextError
from bcos_core.model.classifier import Classifier, predict
from tests.built_tokenizers import tiny_classifier

TEXTS = ["A charming film.", "dull", "It is far too long."]
COLUMNS: dict[str, Callable[[], Iterable[str]]] = {
    "tuple": lambda: tuple(TEXTS),
    "series": lambda: pd.Series(TEXTS),
    "series of objects, its index another": lambda: pd.Series(TEXTS, index=[9, 9, 2], dtype=object),
    "index": lambda: pd.Index(TEXTS),
    "array": lambda: np.array(TEXTS),
    "array of objects": lambda: np.array(TEXTS, dtype=object),
    "generator": lambda: (text for text in TEXTS),
    "data set's column": lambda: Dataset.from_dict({"text": TEXTS})["text"],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_texts_come_in_any_column(kind: str, pair: dict[str, Classifier]) -> None:
    expected = [record.scores for record in explain(pair["bcos"], TEXTS)]
    records = explain(pair["bcos"], COLUMNS[kind]())
    assert [record.text for record in records] == TEXTS
    assert [record.scores for record in records] == expected
    logits = [prediction.logits for prediction in predict(pair["bcos"], TEXTS)]
    assert [prediction.logits for prediction in predict(pair["bcos"], COLUMNS[kind]())] == logits


def test_no_texts_are_no_records(pair: dict[str, Classifier]) -> None:
    for nothing in ([], pd.Series([], dtype=str), np.array([], dtype=str), (text for text in ())):
        assert explain(pair["bcos"], nothing) == []
        assert predict(pair["bcos"], nothing) == []


def test_a_string_of_numpy_is_one_text(pair: dict[str, Classifier]) -> None:
    assert isinstance(explain(pair["bcos"], np.array(TEXTS)[0]), Attribution)


@pytest.mark.parametrize(
    "given",
    [
        b"A charming film.",
        None,
        7,
        {"text": TEXTS},
        set(TEXTS),
        pd.DataFrame({"text": TEXTS}),
        np.array([TEXTS]),
        np.array("A charming film."),
        torch.tensor(3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_list_of_texts_is_refused(given: Any, pair: dict[str, Classifier]) -> None:
    for call in (explain, predict):
        with pytest.raises(TextError, match="expected a list of strings"):
            call(pair["bcos"], given)


def test_one_string_has_no_list_of_predictions(pair: dict[str, Classifier]) -> None:
    with pytest.raises(TextError, match="are a str; expected a list"):  # not one prediction for each letter
        predict(pair["bcos"], TEXTS[0])


@pytest.mark.parametrize("entry", [None, float("nan"), pd.NA, 3, b"x", ["x"], pa.scalar("x"), np.array(["x", "y"])])
def test_an_entry_that_is_no_text_is_named(entry: Any, pair: dict[str, Classifier]) -> None:
    with pytest.raises(TextError, match="Text 2 is a .*; expected a string"):
        explain(pair["bcos"], ["good", entry])


NUMBERS = [np.int64(2), np.uint8(2), torch.tensor(2), torch.tensor(2, dtype=torch.int32), np.array(2)]


@pytest.mark.parametrize("two", NUMBERS, ids=lambda value: str(value.dtype))
def test_numbers_of_numpy_and_torch(two: Any, pair: dict[str, Classifier]) -> None:
    plain = explain(pair["bcos"], TEXTS, method="shapley", target=2, seed=2, repeats=2, samples=2, batch_size=2)
    given = explain(
        pair["bcos"], TEXTS, method="shapley", target=two, seed=two, repeats=two, samples=two, batch_size=two
    )
    assert [record.scores for record in given] == [record.scores for record in plain]
    assert given[0].target == plain[0].target and type(given[0].target.index) is int
    assert given[0].seeds == (2, 3) and given[0].to_json().count('"index": 2') == 1
    inside = explain(pair["bcos"], TEXTS[0], target=Target(two, "x", np.int64(0), "negative"))
    assert inside.target == Target(2, "x", 0, "negative") and type(inside.target.index) is int


WRONG = [True, np.True_, torch.tensor(True), [2], (1,), np.array([2]), torch.tensor([2]), 1.0, np.float64(1), -1, 2.5]
WRONG += [float("nan"), float("inf"), {}, NotImplemented, 10**400, "two"]


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize("name", ["target", "seed", "repeats", "batch_size"])
def test_what_is_no_such_number_is_refused(name: str, value: Any, pair: dict[str, Classifier]) -> None:
    if name in ("repeats", "batch_size") and type(value) is int and value > 0:
        return  # a number, if a large one
    with pytest.raises(InputError):
        explain(pair["bcos"], TEXTS[0], method="shapley", samples=2, **{name: value})


@pytest.mark.parametrize("name", ["target", "seed"])
def test_a_number_too_long_to_write_is_refused(name: str, pair: dict[str, Classifier]) -> None:
    with pytest.raises(InputError, match="is a very large int; expected"):
        explain(pair["bcos"], TEXTS[0], **{name: 10**5000})


def test_calibration_reads_any_column() -> None:
    original = tiny_classifier("wordpiece", bcos=False)
    weights = []
    for texts in (TEXTS, pd.Series(TEXTS), (text for text in TEXTS)):
        converted = convert(original.model)
        assert calibrate(converted, original.model, texts, original.tokenizer, max_length=16).texts == len(TEXTS)
        weights.append(converted.get_parameter("classifier.weight"))
    assert torch.equal(weights[0], weights[1]) and torch.equal(weights[0], weights[2])
    with pytest.raises(TextError, match="expected a list of strings"):
        calibrate(convert(original.model), original.model, TEXTS[0], original.tokenizer)


@pytest.mark.parametrize("value", [True, np.True_, torch.tensor(True), [2], np.array([2]), 2.5, 10**400, {}, None])
def test_an_option_that_is_no_number_is_refused(value: Any, pair: dict[str, Classifier]) -> None:
    with pytest.raises(InputError, match="steps is .*; expected a whole number from 1 to 10,000"):
        explain(pair["bcos"], TEXTS[0], method="integrated_gradients", steps=value)
    with pytest.raises(InputError, match="Known: token, word"):
        explain(pair["bcos"], TEXTS[0], method="occlusion", unit=value)


@pytest.mark.parametrize("name", ["method", "reference"])
@pytest.mark.parametrize("value", [["mask"], np.array(["mask", "pad"]), 3, {}], ids=repr)
def test_a_name_that_is_none_is_refused(name: str, value: Any, pair: dict[str, Classifier]) -> None:
    with pytest.raises(InputError, match="Known: "):
        explain(pair["bcos"], TEXTS[0], **{name: value})


@pytest.mark.parametrize("batch_size", [0, -3, True, [4], 2.0])
def test_batches_hold_at_least_one_text(batch_size: Any, pair: dict[str, Classifier]) -> None:
    for call in (explain, predict):
        with pytest.raises(InputError, match="batch_size is .*; expected one whole number from 1"):
            call(pair["bcos"], TEXTS, batch_size=batch_size)


@pytest.mark.parametrize("max_length", [0, 2, True, [4], -1])
def test_a_limit_leaves_room_for_the_text(max_length: Any, pair: dict[str, Classifier]) -> None:
    with pytest.raises(InputError, match="max_length is .*; expected one whole number from"):
        predict(pair["bcos"], TEXTS, max_length=max_length)
