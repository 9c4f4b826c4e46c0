"""Filters, orders and pages of a result beside the same in plain Python; and results that are not whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from data_sets import TEXTS, asked, lines, run
from tiny_language_model import save_language_model
from tiny_pair import save_pair

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.batch import explainer, query, summary
from bcos_core.batch.query import IN_ORDER, ORDERS, Query, Result
from bcos_core.batch.schema import Given, left_out
from bcos_core.batch.shards import shard_name
from bcos_core.batch.words import WordCount
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.home import Home


@pytest.fixture
def folder(home: Home, tmp_path: Path) -> Path:
    model, _ = save_pair(home)
    rows = [{"text": text, "label": ("positive", "negative", "odd")[n % 3]} for n, text in enumerate(TEXTS)]
    data = lines(tmp_path / "t.jsonl", [*rows[:9], {"text": "", "label": "positive"}, *rows[9:]])
    run(asked(model, data, "bcos", "occlusion", label_column="label"), tmp_path / "out")
    return tmp_path / "out"


def plain(folder: Path, method: str = "bcos") -> list[dict[str, Any]]:
    return [
        row
        for path in sorted(folder.glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
        if row["method"] == method
    ]


@pytest.mark.parametrize("from_start", [10_000, 0])
@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_that_of_python(folder: Path, monkeypatch: pytest.MonkeyPatch, order: str, from_start: int) -> None:
    monkeypatch.setattr(query, "_FROM_THE_START", from_start)  # past the middle it is looked for from the end
    monkeypatch.setattr(query, "_LEAST_SORTED", 1)
    column, direction = ORDERS[order]
    sign = -1 if direction == "descending" else 1
    rows = plain(folder)
    wanted = sorted(rows, key=lambda row: (row[column] is None, sign * (row[column] or 0), row["row"]))
    result = Result(folder)
    assert result.page(Query(order=order), 40, 4) == []
    pages = [found.row for start in range(0, 25, 4) for found in result.page(Query(order=order), start, 4)]
    assert pages == [row["row"] for row in wanted]


@pytest.mark.parametrize(("start", "most_held"), [(0, 11_000), (30_000, 72_000), (99_975, 11_000), (90_000, 31_000)])
def test_a_late_page_of_an_order_sorts_each_row_a_few_times(
    folder: Path, monkeypatch: pytest.MonkeyPatch, start: int, most_held: int
) -> None:
    values = np.random.default_rng(0).permutation(100_000).astype(np.float32)

    def pieces(*_: Any) -> Iterator[pa.Table]:
        for first in range(0, 100_000, 100):
            part = pa.array(values[first : first + 100])
            rows = pa.array(range(first, first + 100), pa.int64())
            yield pa.table({"row": rows, "place": pa.nulls(100, pa.int32()), "confidence": part})

    sizes = []
    in_order = pc.sort_indices

    def noted(table: pa.Table, **options: Any) -> pa.Array:
        sizes.append(len(table))
        return in_order(table, **options)

    result = Result(folder)
    monkeypatch.setattr(result, "_kept", pieces)
    monkeypatch.setattr(pc, "sort_indices", noted)
    keys = result._chosen(Query(words="a", order="unsure"), start, 25)
    assert [row for row, _ in keys] == np.argsort(values)[start : start + 25].tolist()
    assert max(sizes) <= most_held and sum(sizes) <= 4 * 100_000


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        (Query(), lambda row: True),
        (Query(words="GOOD"), lambda row: "good" in row["text"]),
        (Query(words="<b>"), lambda row: "<b>" in row["text"]),
        (Query(words=".*"), lambda row: False),
        (Query(predicted="negative"), lambda row: row["predicted"] == "negative"),
        (Query(mismatch=True), lambda row: row["mismatch"]),
        (Query(state="left out"), lambda row: row["state"] == "left out"),
        (Query(words="no. 1", predicted="positive"), lambda r: "no. 1" in r["text"] and r["predicted"] == "positive"),
    ],
)
def test_a_filter_keeps_what_python_keeps(folder: Path, query: Query, keeps: Any) -> None:
    wanted = [row["row"] for row in plain(folder) if keeps(row)]
    result = Result(folder)
    assert result.count(query) == len(wanted)
    assert [found.row for found in result.page(query, 0, 50)] == wanted
    assert [found.row for found in result.page(query, 2, 3)] == wanted[2:5]
    assert result.page(query, 100, 3) == []


def test_a_row_has_the_records_of_all_methods(folder: Path) -> None:
    found, *_ = Result(folder).page(Query(), 3, 1)
    assert [record.method for record in found.records] == ["bcos", "occlusion"] and found.text == TEXTS[3]
    (left,) = Result(folder).page(Query(state="left out"), 0, 5)
    assert left.records == () and left.reason == "The text is empty." and left.row == 10


@pytest.mark.parametrize("failing", ["bcos", "occlusion"])
def test_a_row_that_one_method_failed_on_is_counted_and_reached(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    original = explainer.row_of

    def one_fails(given: Given, record: Attribution) -> dict[str, Any]:
        fails = record.method == failing and given.row == 4
        return left_out(given, failing, "The contributions are not finite.") if fails else original(given, record)

    monkeypatch.setattr(explainer, "row_of", one_fails)
    model, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    run(asked(model, data, "bcos", "occlusion"), tmp_path / "out")
    result = Result(tmp_path / "out")
    assert result.count(Query()) == 20 == len(result.page(Query(), 0, 50))
    assert result.page(Query(), 19, 1)[0].row == 20
    # What the first method has nothing of is left out, with the reason; what another lacks is counted beside it.
    assert result.summary.left_out == (failing == "bcos")
    assert result.summary.failed == ({} if failing == "bcos" else {"occlusion": 1})


def test_a_token_that_could_not_be_explained_leaves_its_text_explained(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, spoilt = explainer.row_of_token, {1: {1}, 2: {2}, 3: {1, 2, 3}}

    def some_fail(given: Given, method: str, read: Any, row: Any, **named: Any) -> dict[str, Any]:
        made = original(given, method, read, row, **named)
        fails = made["place"] in spoilt[given.row]
        return left_out(given, method, "The logits are no numbers.") | {"place": made["place"]} if fails else made

    monkeypatch.setattr(explainer, "row_of_token", some_fail)
    folder = save_language_model(home)
    data = lines(tmp_path / "t.jsonl", [{"text": "Then Mary and"}] * 3)
    run(asked(folder, data, "pullback", span=":4"), tmp_path / "out")
    rows = plain(tmp_path / "out", "pullback")
    places = {number: {row["place"] for row in rows if row["row"] == number} for number in spoilt}
    assert places[1] >= {1, 2} and places[3] <= spoilt[3]  # the first token, a later one, and all of them
    found = Result(tmp_path / "out").summary
    assert (found.rows, found.explained, found.left_out) == (3, 2, 1)
    assert found.failed == {"pullback": 2} and found.reasons == {"The logits are no numbers.": 1}


@pytest.mark.parametrize("counted", [300_000, 3])
def test_an_answer_that_is_rare_at_first_is_counted_from_its_first_time(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    answers = "xaabbcdexyxyxyxyxyxy"
    original = explainer.row_of
    monkeypatch.setattr(
        explainer, "row_of", lambda given, record: original(given, record) | {"predicted": answers[given.row - 1]}
    )
    monkeypatch.setattr(summary, "_MOST_ANSWERS", 2)
    monkeypatch.setattr(summary, "_MOST_COUNTED", counted)
    model, _ = save_pair(home)
    run(asked(model, lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS]), "bcos"), tmp_path / "out")
    found = Result(tmp_path / "out").summary
    # Where only three are counted, the one that comes too late is among the others: no number is too small.
    assert found.answers == ({"x": 7, "y": 6} if counted > 3 else {"x": 7, "a": 2})
    assert found.other_answers == 20 - sum(found.answers.values())


def test_labels_that_are_no_classes_are_counted_apart(folder: Path) -> None:
    summary = Result(folder).summary
    rows = plain(folder)
    assert summary.unknown_labels == sum(row["label"] == "odd" for row in rows if row["state"] != "left out")
    assert summary.labelled == 20 - summary.unknown_labels
    assert summary.mismatches == sum(bool(row["mismatch"]) for row in rows)


def test_words_are_means_over_all_rows(folder: Path) -> None:
    result = Result(folder)
    records = [found.records[0] for found in result.page(Query(state="explained"), 0, 50)]
    sums: dict[tuple[str, str], list[float]] = {}
    for record in records:
        for span in word_scores(record):
            sums.setdefault((record.target.label, span.text.casefold()), []).append(span.score)
    listed = 0
    for one in result.summary.words:
        for word in (*one.supports, *one.against) if one.method == "bcos" else ():
            scores = sums[one.target, word.word]
            assert word.times == len(scores) >= 2 and word.mean == pytest.approx(sum(scores) / len(scores))
            listed += 1
        means = [word.mean for word in one.supports]
        assert means == sorted(means, reverse=True) and all(word.mean < 0 for word in one.against)
    assert listed


def test_counting_words_is_bounded_and_says_what_it_forgot(folder: Path) -> None:
    counted = WordCount(most_words=3)
    for found in Result(folder).page(Query(), 0, 50):
        for record in found.records[:1]:
            counted.add(record)
    assert all(len(sums) <= 2 * 3 + 20 for sums in counted._sums.values())
    assert sum(one.forgotten for one in counted.words()) > 0


def test_what_is_missing_damaged_or_foreign_is_named(folder: Path, tmp_path: Path) -> None:
    second = folder / shard_name(1)
    whole = second.read_bytes()
    second.unlink()
    with pytest.raises(InputError, match="part-000001.parquet of this result is missing"):
        Result(folder)
    second.write_bytes(whole[:-40])
    with pytest.raises(InputError, match="part-000001.parquet of this result is damaged"):
        Result(folder)
    second.write_bytes((folder / shard_name(0)).read_bytes())
    with pytest.raises(InputError, match="part-000001.parquet is not of this result"):
        Result(folder)
    second.write_bytes(whole[:2000] + b"\0" * 400 + whole[2400:])  # within the pages: found when they are read
    with pytest.raises(InputError, match="part-000001.parquet of this result is damaged"):
        Result(folder).page(Query(), 0, 50)
    second.write_bytes(whole)
    (folder / "part-000009.parquet").write_bytes(whole)
    with pytest.raises(InputError, match="part-000009.parquet in 'out' is not of this result"):
        Result(folder)
    (folder / "part-000009.parquet").unlink()
    assert len(Result(folder).page(Query(), 0, 50)) == 21
    for name, broken in (("summary.json", "{"), ("summary.json", None), ("manifest.json", '{"a": 1}')):
        kept = (folder / name).read_text()
        (folder / name).unlink() if broken is None else (folder / name).write_text(broken)
        with pytest.raises(InputError):
            Result(folder)
        (folder / name).write_text(kept)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": "other"}))
    with pytest.raises(InputError, match="not of the same result"):
        Result(folder)
    with pytest.raises(InputError, match="has no manifest"):
        Result(tmp_path)


def test_orders_and_states_are_known_ones() -> None:
    assert Query(order=IN_ORDER).keeps_all
    for wrong in ({"order": "row; DROP TABLE"}, {"state": "lost"}):
        with pytest.raises(UnknownNameError):
            Query(**wrong)


WRONG: dict[str, Any] = {
    **{"tokens": None, "starts": None, "scores": [1.0], "logits": None, "text": None, "target_index": None},
    **{"logit": None, "method": "another", "target": None, "reference_share": None},
}


@pytest.mark.parametrize("column", WRONG)
def test_a_row_with_a_value_that_no_run_writes_is_named(folder: Path, column: str) -> None:
    path = folder / shard_name(0)
    table = pq.read_table(path)
    rows = table.to_pylist()
    changed = next(n for n, row in enumerate(rows) if row["row"] == 2 and row["method"] == "occlusion")
    rows[changed][column] = WRONG[column]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    with pytest.raises(InputError, match="Row 2 of this result is damaged"):
        Result(folder).page(Query(), 0, 5)
    assert Result(folder).page(Query(), 2, 1)[0].row == 3


@pytest.mark.parametrize("token", [None, "half"])
def test_a_token_that_is_none_is_named(folder: Path, token: str | None) -> None:
    path = folder / shard_name(0)
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0]["tokens"] = [token, *rows[0]["tokens"][1:]]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    if token is None:
        with pytest.raises(InputError, match="Row 1 of this result is damaged"):
            Result(folder).page(Query(), 0, 1)
    else:
        assert Result(folder).page(Query(), 0, 1)[0].records[0].tokens[0].text == "half"


@pytest.mark.parametrize("said", [b"[" * 100_000, b'{"run":' * 100_000, b"\xff", b"null"])
def test_a_shard_that_says_nested_nonsense_of_itself_is_named(folder: Path, said: bytes) -> None:
    path = folder / shard_name(0)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"bcos": said}), path)
    with pytest.raises(InputError, match="part-000000.parquet"):
        Result(folder)
