"""A batch from its file to its records, against single explanations; and what is refused before it is computed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_pair import LABELS, save_pair

import bcos_core
from bcos_core.batch import spec as limits
from bcos_core.batch.columns import guess_columns
from bcos_core.batch.job import BATCH
from bcos_core.batch.result import RECORDS_FILE, load_batch
from bcos_core.batch.run import run_batch
from bcos_core.batch.spec import BatchSpec, read_texts
from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError, JobCancelled, UnknownNameError
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.text.pair import pair

TEXTS = [f"a {'good' if n % 2 else 'dull'} <b>film</b>, no. {n}" for n in range(20)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    return Home((tmp_path / "home").resolve()).create()


def lines(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


class Listening(SilentReporter):
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, message: str) -> None:
        self.lines.append(message)


@pytest.mark.parametrize("kind", LABELS)
def test_each_record_is_that_of_the_text_alone(home: Home, tmp_path: Path, kind: str) -> None:
    folder, _ = save_pair(home, kind=kind)
    file = lines(tmp_path / "t.jsonl", [{"text": text} for text in [*TEXTS[:9], "  ", *TEXTS[9:]]])
    spec = BatchSpec(str(folder), ("bcos", "occlusion"), file, "text")
    said = Listening()
    summary = run_batch(spec, home=home, name="one", reporter=said)
    assert (summary.texts, summary.failed, summary.empty_rows) == (20, 0, 1)
    assert said.lines[0] == "20 texts in the column 'text'."  # of a file without a head, a text stands there
    rows = load_batch(home.batches / "one")
    model = bcos_core.load(folder)
    assert [row[0].text for row in rows] == TEXTS
    for row in rows[::7]:
        for record, method in zip(row, spec.methods, strict=True):
            alone = bcos_core.explain(model, record.text, method=method)
            assert record.method == method and record.target == alone.target
            assert record.scores == pytest.approx(alone.scores, abs=1e-5)
            assert record.logits == pytest.approx(alone.logits, abs=1e-5)


def test_a_chosen_output_is_explained_for_every_text(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    file = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[:3]])
    spec = BatchSpec(str(folder), ("bcos",), file, "text", target="negative")
    run_batch(spec, home=home, name="one", reporter=SilentReporter())
    assert {row[0].target.label for row in load_batch(home.batches / "one")} == {"negative"}
    with pytest.raises(UnknownNameError, match="label"):
        wrong = BatchSpec(str(folder), ("bcos",), file, "text", target="happy")
        run_batch(wrong, home=home, name="two", reporter=SilentReporter())


def test_pairs_are_read_from_two_columns(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home, ("yes", "no"), text_columns=("premise", "hypothesis"))
    info = read_info(folder)
    file = lines(tmp_path / "t.jsonl", [{"premise": "Two dogs ran.", "hypothesis": "Dogs ran.", "id": 7}])
    assert guess_columns(("id", "premise", "hypothesis"), info) == ("premise", "hypothesis")
    run_batch(
        BatchSpec(str(folder), ("bcos",), file, "premise", "hypothesis"),
        home=home,
        name="one",
        reporter=SilentReporter(),
    )
    ((record,),) = load_batch(home.batches / "one")
    assert record.text == pair("Two dogs ran.", "Dogs ran.")
    with pytest.raises(InputError, match="reads pairs of texts"):
        read_texts(file, "premise", None, info)


def test_what_is_too_much_is_refused_before_anything_is_computed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = read_info(save_pair(home)[0])
    monkeypatch.setattr(limits, "MOST_TEXTS", 3)
    monkeypatch.setattr(limits, "MOST_CHARACTERS", 40)
    many = lines(tmp_path / "many.jsonl", [{"text": text} for text in TEXTS[:4]])
    with pytest.raises(DataError, match="more than 3 rows"):
        read_texts(many, "text", None, info)
    long = lines(tmp_path / "long.jsonl", [{"text": "film " * 9}])
    with pytest.raises(DataError, match=r"44 characters.* at most 40"):
        read_texts(long, "text", None, info)
    empty = lines(tmp_path / "empty.jsonl", [{"text": " "}])
    with pytest.raises(DataError, match="No row of empty.jsonl has a text"):
        read_texts(empty, "text", None, info)
    with pytest.raises(DataError, match="There is no column 'words'"):
        read_texts(long, "words", None, info)
    with pytest.raises(InputError, match="reads single texts"):
        read_texts(long, "text", "text", info)


def test_methods_are_few_different_and_fitting(home: Home, tmp_path: Path) -> None:
    _, conventional = save_pair(home)
    file = lines(tmp_path / "t.jsonl", [{"text": "a film"}])
    for methods in ((), ("occlusion", "occlusion"), ("occlusion", "lime", "saliency", "shapley", "attention")):
        with pytest.raises(InputError, match="expected 1 to 4 different"):
            BatchSpec(str(conventional), methods, file, "text")
    with pytest.raises(InputError, match="cannot explain tiny-conventional"):
        run_batch(
            BatchSpec(str(conventional), ("bcos",), file, "text"), home=home, name="one", reporter=SilentReporter()
        )


class Cancelled(SilentReporter):
    def progress(self, done: float, total: float, part: str = "") -> None:
        raise JobCancelled("Stopped before the work was done.")


def test_a_cancelled_batch_leaves_nothing(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    file = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    with pytest.raises(JobCancelled):
        run_batch(BatchSpec(str(folder), ("bcos",), file, "text"), home=home, name="one", reporter=Cancelled())
    assert list(home.batches.iterdir()) == []


def test_the_command_is_a_job_that_can_be_typed_again(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = save_pair(home)
    file = lines(tmp_path / "t.jsonl", [{"review": text} for text in TEXTS[:3]])
    assert main(["batch", folder.name, file, "--methods", "bcos", "occlusion", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["texts"] == 3
    (job,) = JobStore.open(home).list(kind="batch")
    assert job.state == JobState.SUCCEEDED and len(load_batch(home.batches / job.id)) == 3
    spec = BATCH.read(job.spec)
    assert spec == BatchSpec(str(folder), ("bcos", "occlusion"), file, "review")
    assert f"batch {folder} {file} --methods bcos occlusion --text-column=review" in command_of(job)
    assert job.artefacts == (str(home.batches / job.id),) and JobStore.open(home).removable(job)
    assert main(["batch", folder.name, file, "--text-column", "words"]) == 2


def test_records_that_are_damaged_are_said_to_be(home: Home) -> None:
    folder = home.batches / "one"
    folder.mkdir()
    (folder / "records.jsonl").write_text('[{"text": 1}]\n')
    with pytest.raises(InputError):
        load_batch(folder)
    (folder / "records.jsonl").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        load_batch(folder)


def test_records_nested_without_end_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / RECORDS_FILE).write_text("[" * 100_000)
    with pytest.raises(InputError, match="cannot be read"):
        load_batch(tmp_path)
