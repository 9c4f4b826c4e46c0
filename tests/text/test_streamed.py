"""Running text streamed from hub data sets; `datasets` reads a folder of the same files as it reads the hub's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
import pytest
from datasets import IterableDataset, IterableDatasetDict
from huggingface_hub import constants

from bcos_core.cli.main import main
from bcos_core.errors import DataError, HubUnavailableError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.text import hub, streamed
from bcos_core.text.hub import load_splits
from bcos_core.text.running import RunningText, TextSource, load_texts
from bcos_core.text.split import digest, position
from bcos_core.text.streamed import Wanted

LINES = [f"Line {number} of the text." for number in range(2_000)]
SHARD = 50
SOURCE = TextSource("hub", "some/texts")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose folders are the data sets of a hub that can be reached."""
    folder = tmp_path / "hub"
    (folder / SOURCE.name).mkdir(parents=True)
    load: Callable[..., Any] = datasets.load_dataset
    monkeypatch.setattr(hub, "require_hub", lambda *args, **options: None)
    monkeypatch.setattr(
        datasets, "load_dataset", lambda id, config=None, **options: load(str(folder / id), config, **options)
    )
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return folder / SOURCE.name


def write_shards(folder: Path, readable: int = len(LINES) // SHARD) -> None:
    """LINES as the training split, in parts; those from `readable` on are no Parquet any more."""
    (folder / "data").mkdir()
    for number in range(len(LINES) // SHARD):
        file = folder / "data" / f"train-{number:05d}-of-00040.parquet"
        rows = LINES[number * SHARD : (number + 1) * SHARD]
        pyarrow.parquet.write_table(pyarrow.table({"id": range(len(rows)), "text": rows}), file)
        if number >= readable:
            file.write_bytes(b"never fetched")


def naive(lines: list[str], wanted: dict[str, int]) -> dict[str, list[str]]:
    """The first texts of each side, by a loop over everything."""
    sides: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for line in lines:
        place = position(digest(line))
        sides["test" if place < 0.12 else "validation" if place < 0.18 else "train"].append(line)
    return {side: sorted(texts[: wanted[side]]) for side, texts in sides.items()}


def by_side(texts: RunningText) -> dict[str, list[str]]:
    return {side: sorted(getattr(texts, side)) for side in ("train", "validation", "test")}


def test_only_the_rows_that_are_asked_for_are_fetched(shelf: Path) -> None:
    """The first 500 of 2,000 rows can be read at all: 82 % of 400 are more than 300 training texts, 12 % than 20."""
    write_shards(shelf, readable=10)
    texts = load_texts(SOURCE, Wanted(300, 10, 20))
    assert by_side(texts) == naive(LINES, {"train": 300, "validation": 10, "test": 20})
    (note,) = texts.notes
    rows = int(note.split("read: ")[1].split(",")[0])
    assert 300 / 0.9 < rows <= 500 and "more were not asked for" in note
    with pytest.raises(DataError, match="Row 501 of the data set 'some/texts' cannot be read"):
        load_texts(SOURCE)


def test_all_of_it_is_what_a_file_of_it_gives(shelf: Path, tmp_path: Path) -> None:
    write_shards(shelf)
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(json.dumps({"text": line}) + "\n" for line in LINES))
    streamed, whole = load_texts(SOURCE), load_texts(TextSource.parse(str(file)))
    assert by_side(streamed) == by_side(whole) and streamed.hash == whole.hash and streamed.notes == ()


def test_nothing_is_kept_on_the_disk(shelf: Path, tmp_path: Path) -> None:
    write_shards(shelf)
    load_texts(SOURCE)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size]
    assert load_splits(SOURCE.name, None)["train"].num_rows == len(LINES)
    assert list((tmp_path / "cache").rglob("*.arrow"))  # as a download is


def test_a_larger_request_keeps_the_texts_of_a_smaller_one(shelf: Path) -> None:
    write_shards(shelf)
    small, large = load_texts(SOURCE, Wanted(50, 10, 20)), load_texts(SOURCE, Wanted(900, 10, 20))
    assert set(small.train) < set(large.train) and len(large.train) == 900
    assert (small.validation, small.test) == (large.validation, large.test)
    assert load_texts(SOURCE, Wanted(1, 1, 20)).test == small.test  # what is measured is the same without training


def test_sides_that_come_with_it_are_kept(shelf: Path) -> None:
    """JSON lines, whose columns are known with the first row alone; a blank text, a repeated one, one of both sides."""
    rows = {"train": [*LINES[:50], "", LINES[0].upper()], "test": LINES[40:240]}
    for side, lines in rows.items():
        (shelf / f"{side}.jsonl").write_text("".join(json.dumps({"line": one, "n": 1}) + "\n" for one in lines))
    texts = load_texts(TextSource("hub", SOURCE.name, "line"))
    held_out = sorted(LINES[40:240])
    assert sorted(texts.train) == sorted(LINES[:40])  # what is held out is not trained on
    assert sorted(texts.test) == [line for line in held_out if position(digest(line)) >= 0.5]
    assert sorted(texts.validation) == [line for line in held_out if position(digest(line)) < 0.5]
    assert {"Rows left out because their text is empty: 1.", "Repeated texts left out: 11."} <= set(texts.notes)
    assert any("halved" in note for note in texts.notes)
    few = load_texts(TextSource("hub", SOURCE.name, "line"), Wanted(5, 7, 9))
    assert (len(few.train), len(few.validation), len(few.test)) == (5, 7, 9)
    assert set(few.test) <= set(texts.test) and set(few.validation) <= set(texts.validation)
    with pytest.raises(DataError, match="Cannot tell which column holds the text. The columns are 'line', 'n'"):
        load_texts(SOURCE)
    with pytest.raises(DataError, match="no column 'text'"):
        load_texts(TextSource("hub", SOURCE.name, "text"))


def test_what_does_not_fit_into_memory_is_not_read(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shards(shelf)
    monkeypatch.setattr(streamed, "MAX_ROWS", 700)
    texts = load_texts(SOURCE)
    assert by_side(texts) == naive(LINES[:700], dict.fromkeys(("train", "validation", "test"), 700))
    assert texts.notes == ("Rows that were read: 700, from the first on; more do not fit into memory.",)
    monkeypatch.setattr(streamed, "MAX_CHARACTERS", sum(map(len, LINES[:100])))
    assert load_texts(SOURCE).notes == ("Rows that were read: 101, from the first on; more do not fit into memory.",)


def test_a_stream_says_how_far_it_is_and_can_be_stopped(shelf: Path) -> None:
    write_shards(shelf)
    heard: list[tuple[float, float]] = []

    def beat(done: float, total: float) -> None:
        heard.append((done, total))
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_texts(SOURCE, Wanted(1_000, 10, 20), beat)
    assert heard == sorted(heard) and {total for _, total in heard} == {1_030} and 0 < heard[-1][0] <= 300


def test_a_hub_that_breaks_off_is_said(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield from ({"text": line} for line in LINES[:30])
        raise ConnectionError("reset by peer")

    stream = IterableDatasetDict({"train": IterableDataset.from_generator(rows)})
    monkeypatch.setattr(datasets, "load_dataset", lambda *args, **options: stream)
    with pytest.raises(HubUnavailableError, match=r"broke off .*some/texts.*reset by peer.*Try again"):
        load_texts(SOURCE)
    assert len(load_texts(SOURCE, Wanted(10, 1, 1)).train) == 10  # these came before


def test_an_empty_data_set_is_said(shelf: Path) -> None:
    (shelf / "train.jsonl").write_text("")
    with pytest.raises(DataError, match=r"some/texts.*(no rows|cannot be loaded)"):
        load_texts(SOURCE)


def test_without_a_hub_it_is_said_before_a_job_is_made(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    with pytest.raises(HubUnavailableError, match=r"'some/texts'.*offline mode is on \(HF_HUB_OFFLINE\).*local file"):
        load_texts(SOURCE)
    words = ["train", "--task-type", "language-model", "--model", "smollm2", "--task", "hub:some/texts"]
    assert main(words) == 2
    assert "offline mode is on" in capsys.readouterr().err
    assert not JobStore.open(home).list()
