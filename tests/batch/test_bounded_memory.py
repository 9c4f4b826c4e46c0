"""What is in memory at once does not grow with the data: neither with the number of rows, nor with a text's length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from data_sets import TEXTS, asked, files, lines, run
from tiny_language_model import save_language_model
from tiny_pair import save_pair

from bcos_core.attribution import answer_rows, bcos
from bcos_core.batch import explainer
from bcos_core.batch.manifest import read_manifest
from bcos_core.batch.schema import Given, left_out
from bcos_core.batch.shards import write_shard
from bcos_core.batch.summary import _MOST_REASONS, summarise
from bcos_core.errors import MemoryLackingError
from bcos_core.home import CHECKOUT, Home
from bcos_core.model import passes

MEASURED = """
import resource, sys
from pathlib import Path
from bcos_core.batch.run import run_batch
from bcos_core.batch.spec import BatchSpec
from bcos_core.progress import SilentReporter
from bcos_core.text.row_source import RowSource
checkpoint, folder, *counts = sys.argv[1:]
for count in counts:
    data = Path(folder, f"{count}.jsonl")
    with data.open("w") as file:
        for n in range(int(count)):
            text = " ".join(("film", "good", "dull", f"no. {n}")[place % 4] for place in range(80))
            file.write('{"text": "%s"}\\n' % text)
    spec = BatchSpec(checkpoint, ("bcos",), RowSource("file", str(data)), "text", shard_rows=512)
    run_batch(spec, Path(folder, count), SilentReporter())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_memory_is_flat_in_the_number_of_rows(home: Home, tmp_path: Path) -> None:
    """Ten times the rows, of which the contributions alone are some 60 MB of Python's objects."""
    folder, _ = save_pair(home)
    command = [sys.executable, "-c", MEASURED, str(folder), str(tmp_path), "512", "5120"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, env=environment, cwd=CHECKOUT, timeout=300, check=True, capture_output=True)
    few, many = map(int, said.stdout.split())
    assert many - few < 20_000_000
    assert pq.read_metadata(tmp_path / "5120" / "part-000009.parquet").num_rows == 512


def test_the_tokens_of_a_long_text_are_explained_a_few_at_a_time(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a text's tokens have as many scores as the square of its length; the rows are the same in any groups."""
    folder = save_language_model(home)
    texts = ["The keys to the old cabinet are on the table.", "", "Then Mary and John", "on the " * 20]
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in texts])
    run(asked(folder, data, "pullback", span="1:"), tmp_path / "one")
    monkeypatch.setattr(explainer, "GROUP_NUMBERS", 100)
    made = run(asked(folder, data, "pullback", span="1:"), tmp_path / "many")
    assert (made.rows, made.left_out, made.here) == (4, 1, 4)
    one, many = (pq.ParquetFile(tmp_path / name / "part-000000.parquet") for name in ("one", "many"))
    assert one.num_row_groups == 1 and many.num_row_groups > 5
    for group in range(many.num_row_groups):
        rows = many.read_row_group(group).to_pylist()
        assert len(rows) == 1 or sum(1 + (row["place"] or 0) + len(row["text"]) // 8 for row in rows) <= 100
    for left, right in zip(one.read().to_pylist(), many.read().to_pylist(), strict=True):
        assert (left["row"], left["place"], left["state"]) == (right["row"], right["place"], right["state"])
        assert (left["scores"] or []) == pytest.approx(right["scores"] or [], abs=1e-5)


def test_long_texts_are_read_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explainer, "CHUNK_ROWS", 3)
    monkeypatch.setattr(explainer, "CHUNK_CHARACTERS", 10)
    cells = [("a",), ("b" * 9,), ("c", 7), ("d",), ("e" * 30,), (None,)]
    assert [len(chunk) for chunk in explainer.chunks(iter(cells))] == [2, 3, 1]
    assert [one for chunk in explainer.chunks(iter(cells)) for one in chunk] == cells


@pytest.mark.parametrize("kind", ["classifier", "language model"])
def test_how_much_goes_through_at_once_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """As much as is quickest; one text at a time, where there is no room for more; and where memory ends with two."""
    if kind == "classifier":
        folder, method, options = save_pair(home)[0], "bcos", {}
    else:
        folder, method, options = save_language_model(home), "pullback", {"span": "2:4"}
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    spec = asked(folder, data, method, **options)
    run(spec, tmp_path / "usual")
    with monkeypatch.context() as patch:
        patch.setattr(passes, "free_bytes", lambda device: 0)
        run(spec, tmp_path / "alone")
    module: Any = bcos if kind == "classifier" else answer_rows
    whole, asked_of = module.contributions, list[int]()

    def little_memory(view: Any, input_ids: Any, *args: Any, **options: Any) -> Any:
        asked_of.append(len(input_ids))
        if len(input_ids) > 2:
            raise MemoryError
        return whole(view, input_ids, *args, **options)

    monkeypatch.setattr(module, "contributions", little_memory)
    run(spec, tmp_path / "halved")
    assert max(asked_of) > 2 and asked_of.count(2) > 2
    monkeypatch.setattr(module, "contributions", lambda *args, **options: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryLackingError, match="One text alone needs more memory"):
        run(spec, tmp_path / "none")
    assert set(files(tmp_path / "none")) == {"manifest.json"}
    usual, *others = (
        [row for path in sorted((tmp_path / name).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        for name in ("usual", "alone", "halved")
    )
    for rows in others:
        assert [row["tokens"] for row in rows] == [row["tokens"] for row in usual]
        for row, wanted in zip(rows, usual, strict=True):
            assert row["scores"] == pytest.approx(wanted["scores"], abs=1e-5)


def test_reasons_are_counted_by_their_kind(home: Home, tmp_path: Path) -> None:
    """Of a million texts that the tokenizer cannot read, each is quoted in its own reason."""
    folder, _ = save_pair(home)
    run(asked(folder, lines(tmp_path / "t.jsonl", [{"text": "a film"}])), tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    said = [f"'a {'b' * n} it\\'s {n}', has nothing that the tokenizer can read." for n in range(300)]
    said += [f"The text has {n:,} characters; at most 1,000,000 are read." for n in range(300)]
    said += [f"Kind {'x' * n} of reason" for n in range(50)]
    rows = [left_out(Given(n, ""), "bcos", reason) for n, reason in enumerate(said, 1)]
    write_shard(tmp_path / "out", 0, manifest.id, [rows])
    found = summarise(tmp_path / "out", manifest, 1, lambda rows: None).reasons
    assert found["…, has nothing that the tokenizer can read."] == 300
    assert found["The text has … characters; at most … are read."] == 300
    assert len(found) == _MOST_REASONS + 1 and sum(found.values()) == 650
