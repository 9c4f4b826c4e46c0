"""Every row of a data set explained, against `explain` text by text; and what is refused before it is computed."""

from __future__ import annotations

import json
import math
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from data_sets import TEXTS, asked, lines, run
from tiny_language_model import save_language_model
from tiny_pair import LABELS, MAX_LENGTH, save_pair

import bcos_core
from bcos_core.batch import spec as spec_module
from bcos_core.batch.columns import guess_columns
from bcos_core.batch.job import BATCH
from bcos_core.batch.query import Query, Result
from bcos_core.batch.schema import CUT, EXPLAINED, LEFT_OUT, SCHEMA
from bcos_core.batch.spec import BatchSpec, require_fitting, span_of
from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError, UnknownNameError
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.model.info import read_info
from bcos_core.operations import clean
from bcos_core.storage.artefacts.manifest import MOST_FILES
from bcos_core.text.pair import pair
from bcos_core.text.prompt import encode_prompt
from bcos_core.text.row_source import RowSource, open_rows


def table(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("kind", LABELS)
def test_each_row_is_the_explanation_of_its_text_alone(home: Home, tmp_path: Path, kind: str) -> None:
    folder, _ = save_pair(home, kind=kind)
    data = lines(tmp_path / "t.jsonl", [{"text": text, "no": f"r{n}"} for n, text in enumerate(TEXTS)])
    made = run(asked(folder, data, "bcos", "occlusion", id_column="no"), tmp_path / "out")
    assert (made.rows, made.explained, made.left_out, made.explanations, made.here) == (20, 20, 0, 40, 20)
    model, rows = bcos_core.load(folder), table(tmp_path / "out")
    assert [(row["row"], row["method"]) for row in rows] == [
        (n, method) for n in range(1, 21) for method in ("bcos", "occlusion")
    ]
    for row in rows:
        alone = bcos_core.explain(model, TEXTS[row["row"] - 1], method=row["method"])
        assert row["text"] == alone.text and row["id"] == f"r{row['row'] - 1}" and row["state"] == EXPLAINED
        assert row["scores"] == pytest.approx(alone.scores, abs=1e-5)
        assert row["logits"] == pytest.approx(alone.logits, abs=1e-5)
        assert row["logit"] == pytest.approx(alone.logit, abs=1e-5) and row["target"] == alone.target.label
        places = [(token.text, token.start, token.end) for token in alone.tokens]
        assert list(zip(row["tokens"], row["starts"], row["ends"], strict=True)) == places
        if row["method"] == "bcos":
            whole = sum(row["scores"]) + row["reference_share"] + row["bias_share"]
            assert whole == pytest.approx(row["logit"], abs=1e-4) and row["completeness_error"] < 1e-4
        if alone.probabilities:
            assert row["confidence"] == pytest.approx(max(alone.probabilities), abs=1e-5)
            assert row["surprise"] == pytest.approx(-math.log(alone.probabilities[alone.target.index]), abs=1e-5)
        else:
            assert row["confidence"] is None and row["surprise"] is None


def test_more_files_than_are_kept_are_refused_before_anything_is_computed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spec_module.MOST_SHARDS + 100 <= MOST_FILES  # which a store of artefacts takes, with what lies beside them
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    monkeypatch.setattr(spec_module, "MOST_SHARDS", 2)
    with pytest.raises(InputError, match=r"8 rows in each file .* 3 files or more; at most 2 .*--shard-rows"):
        run(asked(folder, data), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run(asked(folder, data, shard_rows=10), tmp_path / "out").rows == 20
    # Where only going through the rows tells how many there are, after those files that are kept.
    monkeypatch.setattr(type(open_rows(data)), "count", None)
    with pytest.raises(InputError, match="3 files or more"):
        run(asked(folder, data), tmp_path / "more")
    assert len(list((tmp_path / "more").glob("*.parquet"))) == 2


def test_no_row_is_lost_and_each_says_why(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    cells: list[Any] = ["a good film", "  ", None, ["a"], "film " * (2 * MAX_LENGTH), 7, "\u200b", "x" * 1_000_001]
    data = lines(tmp_path / "t.jsonl", [{"text": cell, "label": "positive"} for cell in cells])
    made = run(asked(folder, data, label_column="label"), tmp_path / "out")
    states = [(row["state"], row["reason"]) for row in table(tmp_path / "out")]
    assert [state for state, _ in states] == [EXPLAINED, *[LEFT_OUT] * 3, CUT, EXPLAINED, LEFT_OUT, LEFT_OUT]
    assert states[1][1] == states[2][1] == "The text is empty." and states[3][1] == "It is no text: list."
    assert "longer than the model reads" in str(states[4][1]) and "1,000,001 characters" in str(states[7][1])
    assert (made.rows, made.explained, made.cut, made.left_out) == (8, 3, 1, 5)
    summary = Result(tmp_path / "out").summary
    assert sum(summary.reasons.values()) == 5 and summary.labelled == 3
    assert summary.mismatches == sum(row["predicted"] == "negative" for row in table(tmp_path / "out"))


def test_a_contrast_and_a_target_are_explained_for_every_text(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[:3]])
    run(asked(folder, data, target="negative", minus="positive"), tmp_path / "out")
    for row in table(tmp_path / "out"):
        assert (row["target"], row["minus"]) == ("negative", "positive") and row["probability"] is None
        assert row["logit"] == pytest.approx(row["logits"][0] - row["logits"][1], abs=1e-6)
    with pytest.raises(UnknownNameError, match="label"):
        run(asked(folder, data, target="happy"), tmp_path / "two")


def test_the_next_tokens_of_a_span_are_those_of_each_prefix(home: Home, tmp_path: Path) -> None:
    folder = save_language_model(home)
    texts = ["The keys to the old cabinet are on the table.", "Then Mary and John", "<s>", ""]
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in texts])
    made = run(asked(folder, data, "pullback", span="-3:"), tmp_path / "out")
    assert (made.rows, made.explained, made.left_out) == (4, 3, 1)  # a token that is spelled in a text is read as one
    model, rows = bcos_core.load(folder), table(tmp_path / "out")
    found = {(row["row"], row["place"]): row for row in rows if row["state"] != LEFT_OUT}
    for number, text in enumerate(texts[:3], 1):
        read = encode_prompt(model.tokenizer, text, model.max_length)
        for place in range(max(1, len(read) - 3), len(read)):
            row = found.pop((number, place))
            before = type(read)(read.text, read.ids[:place], read.tokens[:place], None)
            alone = bcos_core.explain(model, before, target=read.ids[place], reference="none")
            assert row["scores"] == pytest.approx(alone.scores, abs=1e-5)
            assert row["logit"] == pytest.approx(alone.logit, abs=1e-5)
            assert row["surprise"] == pytest.approx(-math.log(alone.probabilities[alone.place]), abs=1e-4)
            assert row["token_ids"] == list(read.ids[:place])
    assert not found
    assert [row["reason"] for row in rows if row["state"] == LEFT_OUT] == ["The text is empty."]
    (first, *_) = Result(tmp_path / "out").page(Query(), 0, 1)
    assert first.records[0].completeness_error < 1e-4 and first.records[0].prompt is not None


def test_pairs_are_read_from_two_columns(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home, ("yes", "no"), text_columns=("premise", "hypothesis"))
    info = read_info(folder)
    data = lines(tmp_path / "t.jsonl", [{"premise": "Two dogs ran.", "hypothesis": "Dogs ran.", "id": 7}])
    assert guess_columns(("id", "premise", "hypothesis"), info) == ("premise", "hypothesis")
    spec = BatchSpec(str(folder), ("bcos",), data, "premise", "hypothesis", id_column="id")
    run(spec, tmp_path / "out")
    (row,) = table(tmp_path / "out")
    assert row["text"] == pair("Two dogs ran.", "Dogs ran.") and row["id"] == "7"
    with pytest.raises(InputError, match="reads pairs of texts"):
        require_fitting(BatchSpec(str(folder), ("bcos",), data, "premise"), ("premise",))


def test_bf16_is_computed_in_bf16_where_it_is_asked_for(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[:4]])
    for precision in ("fp32", "bf16"):
        run(asked(folder, data, precision=precision), tmp_path / precision)
    exact, rough = ([row["logit"] for row in table(tmp_path / name)] for name in ("fp32", "bf16"))
    assert rough != exact and rough == pytest.approx(exact, rel=0.1, abs=0.05)


def test_what_cannot_be_done_is_refused_before_anything_is_computed(home: Home, tmp_path: Path) -> None:
    bcos, conventional = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": "a film"}])
    for methods in ((), ("occlusion", "occlusion"), ("occlusion", "lime", "saliency", "shapley", "attention")):
        with pytest.raises(InputError, match="expected 1 to 4 different"):
            BatchSpec(str(conventional), methods, data, "text")
    with pytest.raises(InputError, match="cannot explain tiny-conventional"):
        run(asked(conventional, data), tmp_path / "out")
    with pytest.raises(DataError, match="There is no column 'words'"):
        run(asked(bcos, data, text_column="words"), tmp_path / "out")
    with pytest.raises(InputError, match="language model"):
        run(asked(save_language_model(home), data, "occlusion"), tmp_path / "out")
    with pytest.raises(InputError, match="precision is 'fp8'"):
        asked(bcos, data, precision="fp8")
    for span in ("", "1", "a:b", "1:2:3"):
        with pytest.raises(InputError, match="START:END"):
            span_of(span)
    with pytest.raises(DataError, match="There is no file"):
        run(asked(bcos, RowSource("file", str(tmp_path / "nothing.csv"))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_schema_is_what_is_documented(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": "a film"}])
    run(asked(folder, data), tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "part-000000.parquet")
    assert schema.equals(SCHEMA) and str(schema.field("scores").type) == "list<element: float>"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [name for name, _ in manifest["schema"]] == schema.names
    model = bcos_core.load(folder)
    assert manifest["weights_hash"] == model.weights_hash and manifest["identity"] == model.identity
    assert manifest["methods"][0]["parameters"] == bcos_core.explain(model, "a film").parameters
    assert {"torch", "transformers", "precision"} <= manifest["versions"].keys() and manifest["rows"] == 1


def test_the_command_is_a_job_that_can_be_typed_again(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"review": text} for text in TEXTS[:3]])
    assert main(["explain-dataset", folder.name, "--data", data.name, "--methods", "bcos", "occlusion", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rows"] == 3
    (job,) = JobStore.open(home).list(kind="batch")
    assert job.state == JobState.SUCCEEDED and Path(said["folder"]) == home.batches / job.id
    assert len(Result(home.batches / job.id).page(Query(), 0, 9)) == 3
    spec = BATCH.read(job.spec)
    assert spec == BatchSpec(str(folder), ("bcos", "occlusion"), data, "review")
    line = command_of(job)
    assert f"explain-dataset {folder} --data=file:{data.name} --methods bcos occlusion --column=review" in line
    assert job.artefacts == (str(home.batches / job.id),) and JobStore.open(home).removable(job)
    assert main(["explain-dataset", folder.name, "--data", data.name, "--column", "words"]) == 2
    assert main(["explain-dataset", folder.name, "--data", "no such data"]) == 2
    assert main(["explain-dataset", folder.name, "--data", data.name, "--column=review", "--output=a\0b"]) == 2
    (tmp_path / "t.csv").write_text("A fine film.\nA dull one.\n")
    capsys.readouterr()
    assert main(["explain-dataset", folder.name, "--data", str(tmp_path / "t.csv")]) == 0
    assert "'A fine film.' is not explained" in "".join(capsys.readouterr())


def test_a_file_that_was_explained_is_kept_as_long_as_its_result(home: Home) -> None:
    folder, _ = save_pair(home)
    file = home.uploads / "0123456789abcdef" / "t.jsonl"
    file.parent.mkdir()
    lines(file, [{"text": text} for text in TEXTS[:3]])
    assert main(["explain-dataset", folder.name, "--data", str(file)]) == 0
    store = JobStore.open(home)
    waiting, _ = BATCH.submit(store, BatchSpec(str(folder), ("occlusion",), RowSource("file", str(file)), "text"))

    def removable() -> list[Path]:
        return [one.path for one in clean.find(store, kinds=["uploads"], older_than=timedelta(0))]

    assert removable() == []
    store.cancel(waiting.id)
    store.delete(waiting.id)
    assert removable() == []
    (done,) = store.list(kind="batch")
    store.delete(done.id)
    assert removable() == []  # the result says what it is of
    shutil.rmtree(home.batches / done.id)
    BATCH.submit(store, BatchSpec(str(folder), ("bcos",), RowSource("embedded", "short-reviews"), "text"))
    assert removable() == [file.parent]
