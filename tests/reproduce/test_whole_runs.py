"""A whole run on a tiny model: its figures against the evaluation's own rows, its going on, what it leaves out."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from subprocess import CalledProcessError

import numpy as np
import pytest

from bcos_core.cli.main import build_parser, main
from bcos_core.errors import InputError, JobCancelled, UnknownNameError
from bcos_core.evaluate.result import load_evaluation
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.reproduce import grid_run
from bcos_core.reproduce.grid_names import grid_names
from bcos_core.reproduce.job import REPRODUCE
from bcos_core.reproduce.paper import paper_grid
from bcos_core.reproduce.plan import reproduce_plan, stages_of
from bcos_core.reproduce.report import Report, load_report, load_samples
from bcos_core.reproduce.run import run_reproduction
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.storage.plain import to_plain
from bcos_core.train import once
from tests.planned import PartsTold
from tests.reproduce.tiny_grid import tiny_spec


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of its own that measures memory has a test by itself."""
    monkeypatch.setattr(grid_run, "methods_memory", lambda checkpoint, methods, text, options: {"saliency": 2.5e6})


def reproduce(spec: ReproduceSpec, home: Home, job: str, reporter: SilentReporter | None = None) -> Report:
    reporter = reporter or SilentReporter()
    return run_reproduction(spec, command="again", home=home, work=home.root / "work", job=job, reporter=reporter)


def test_a_whole_run(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, told = tiny_spec(tmp_path), PartsTold()
    report = reproduce(spec, home.create(), "j1", told)
    assert told.stages == stages_of(spec) == len({part.stage for part in reproduce_plan(spec)})
    told.assert_as_planned(reproduce_plan(spec))
    names = [one.name for one in report.figures]
    assert len(set(names)) == len(names) and set(names) <= set(grid_names("paper", spec.grid))
    assert load_report(home.reproductions / "j1") == report
    # Means over seeds and texts of what the evaluation has of each text, and of the differences.
    found = {one.spec["removal"]: one for one in map(load_evaluation, home.evaluations.iterdir())}
    assert set(found) == {"mask", "delete"}
    evaluation = found["mask"]
    values = {
        method: [one.values["naopc"] for one in evaluation.contenders if one.kind == "bcos" and one.method == method]
        for method in ("bcos", "saliency")
    }
    figure = report.figure("paper/reviews/bert/bcos/bcos/naopc")
    assert figure is not None and figure.seeds == 2 and figure.n == len(values["bcos"][0]) == 2
    assert figure.value == pytest.approx(np.mean([list(one.values()) for one in values["bcos"]]))
    gap = report.figure("paper/reviews/bert/bcos/bcos-minus-saliency/naopc")
    apart = [one[t] - other[t] for one, other in zip(values["bcos"], values["saliency"], strict=True) for t in one]
    assert gap is not None and gap.value == pytest.approx(np.mean(apart))
    # The B-cos model's contributions and the twin's saliency, seed by seed.
    twins = [one.values["naopc"] for one in evaluation.contenders if one.kind != "bcos" and one.method == "saliency"]
    between = report.figure("paper/reviews/bert/bcos/bcos-minus-conventional:saliency/naopc")
    apart = [one[t] - other[t] for one, other in zip(values["bcos"], twins, strict=True) for t in one]
    assert between is not None and between.value == pytest.approx(np.mean(apart))
    removed = report.figure("paper/reviews/bert/bcos/bcos/comp_minus_suff@delete")
    deleted = [one.values["comp_minus_suff"] for one in found["delete"].contenders if one.method == "bcos"]
    assert removed is not None and removed.value == pytest.approx(np.mean([list(one.values()) for one in deleted]))
    # Accuracy over the seeds' models and all test texts.
    right = report.figure("paper/reviews/bert/conventional/accuracy")
    assert right is not None and right.unit == "%" and right.seeds == 2
    samples = load_samples(home.reproductions / "j1")
    assert np.mean(samples[right.name].table) == pytest.approx(right.value)
    other = report.figure("paper/reviews/bert/bcos/accuracy")
    points = report.figure("paper/reviews/bert/bcos-minus-conventional/accuracy")
    assert other is not None and points is not None and points.unit == "points"
    assert points.value == pytest.approx(100 * (other.value - right.value))
    memory = report.figure("paper/reviews/bert/bcos/saliency/memory")
    assert memory is not None and memory.in_words == "2.50 MB"
    assert report.figure("paper/reviews/bert/conventional/bcos/naopc") is None  # no B-cos contributions there

    # Again, nothing is trained or measured anew.
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(once, "run_training", refuse)
    again = reproduce(spec, home, "j2")
    of_means = [(one.name, one.value, one.low) for one in report.figures]
    assert [(one.name, one.value, one.low) for one in again.figures] == of_means


class StopsAt(SilentReporter):
    """Stops when a stage begins whose title begins so, and counts the trainings that began."""

    def __init__(self, title: str) -> None:
        self.title, self.begun = title, 0

    def stage(self, title: str, index: int, count: int) -> None:
        if title.startswith(self.title):
            raise JobCancelled("stop")

    def log(self, message: str) -> None:
        self.begun += "Fine-tuning" in message


def test_a_stopped_run_goes_on_without_repeating(home: Home, tmp_path: Path) -> None:
    spec = tiny_spec(tmp_path)
    first = StopsAt("Training Reviews, bert: B-cos, seed 2")
    with pytest.raises(JobCancelled):
        reproduce(spec, home.create(), "j1", first)
    assert first.begun == 3
    second = StopsAt("nowhere")
    report = reproduce(spec, home, "j1", second)
    assert second.begun == 1 and report.figure("paper/reviews/bert/bcos/bcos/naopc") is not None
    # Another seed is one more training each, and the rest is as it was.
    third = StopsAt("nowhere")
    more = reproduce(tiny_spec(tmp_path, seeds=(1, 2, 3)), home, "j2", third)
    figure = more.figure("paper/reviews/bert/bcos/bcos/naopc")
    assert third.begun == 2 and figure is not None and figure.seeds == 3


def test_memory_that_cannot_be_measured_is_named(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise CalledProcessError(-9, "memory")

    monkeypatch.setattr(grid_run, "methods_memory", killed)
    report = reproduce(tiny_spec(tmp_path, seeds=(1,), removals=()), home.create(), "j1")
    named = [one for one in report.left_out if one.name.startswith("Memory · Reviews, bert: ")]
    assert len(named) == 2 and all("SIGKILL" in one.reason for one in named)
    assert report.figure("paper/reviews/bert/bcos/bcos/naopc") is not None


def test_what_cannot_be_had_is_named(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "nothing"))
    hub = SCALES["whole"]
    imdb = next(task for task in paper_grid(hub).tasks if task.name == "imdb")
    spec = tiny_spec(tmp_path, seeds=(1,))
    grid = replace(spec.grid, bases=("google-bert/nobody-has-this", *spec.grid.bases), tasks=(imdb, *spec.grid.tasks))
    report = reproduce(replace(spec, grid=grid), home.create(), "j1")
    left_out = {one.name: one.reason for one in report.left_out}
    assert "Only for B-cos models" in left_out.pop("B-cos contributions · Conventional")
    assert set(left_out) == {"nobody-has-this", "IMDB"}
    assert all("offline mode" in reason for reason in left_out.values())
    assert {one.group.partition(": ")[2] for one in report.figures} == {"Reviews, bert"}
    with pytest.raises(InputError, match="Nothing of this grid can be had. .*IMDB is left out"):
        reproduce(replace(spec, grid=replace(grid, tasks=(imdb,))), home, "j2")


def test_the_paper_is_whole_where_a_hub_is_and_names_what_it_leaves_out_elsewhere() -> None:
    whole, small = paper_grid(SCALES["whole"]), paper_grid(SCALES["small"])
    assert [task.title for task in whole.tasks] == ["IMDB", "AG News", "HateXplain"] and len(whole.bases) == 3
    authors = next(arm.recipe for arm in whole.arms if arm.name == "paper")
    assert (authors.learning_rate, authors.epochs, authors.b, authors.normalize_weights) == (2e-5, 5.0, 1.5, True)
    cells = list(whole.cells(whole.groups[3]))  # AG News
    assert cells[0].spec.recipe.learning_rate == 3e-5 and cells[0].spec.recipe.max_length == 512
    assert not cells[0].spec.recipe.bcos  # the judge of the pairs
    names = {one.name for one in small.left_out}
    assert {"IMDB", "AG News", "HateXplain", *whole.bases} <= names
    assert {one.name for one in whole.left_out} < names  # methods that are none here


def test_a_spec_is_a_command_line_and_is_stored_whole(tmp_path: Path) -> None:
    spec = ReproduceSpec.of("paper", "small", tasks=["tweets"], seeds=[1, 2], examples=64, texts=9)
    assert REPRODUCE.read(json.loads(json.dumps(to_plain(spec)))) == spec
    words = REPRODUCE.command(spec)
    args = build_parser(words).parse_args(words)
    again = ReproduceSpec.of(
        args.what, args.scale, tasks=args.tasks, models=args.models, seeds=args.seeds, examples=args.examples,
        texts=args.texts,
    )  # fmt: skip
    assert again == spec and again.key == spec.key
    some = ReproduceSpec.of("ours", "quick", only=["exactness", "grid"])
    assert [one.name for one in some.measures] == ["exactness"] and some.groups == some.grid.groups
    assert REPRODUCE.command(some)[-3:] == ["--only", "exactness", "grid"]
    alone = ReproduceSpec.of("ours", "quick", only=["exactness"])
    assert alone.groups == [] and stages_of(alone) == 3 == len({part.stage for part in reproduce_plan(alone)})
    assert "The grid of models, tasks and methods" in alone.unasked and "Exactness" not in alone.unasked
    with pytest.raises(UnknownNameError, match="Unknown part of “The paper’s grid” 'exactness'. Known: grid"):
        ReproduceSpec.of("paper", "quick", only=["exactness"])
    for bad in ({"what": "else", "scale": "quick"}, {"what": "paper", "scale": "huge"}):
        with pytest.raises(UnknownNameError):
            ReproduceSpec.of(**bad)
    with pytest.raises(InputError, match="examples is 3"):
        ReproduceSpec.of("paper", "quick", examples=3)
    assert os.environ.get("WORLD_SIZE") is None


def test_the_command_writes_the_tables(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tiny_spec(tmp_path)
    rows = Path(spec.grid.tasks[0].choice.name).read_text().replace("review,verdict", "text,label")
    (tmp_path / "rows.csv").write_text(rows)  # with columns that are found by their names
    (base,), task = spec.grid.bases, f"file:{tmp_path / 'rows.csv'}"
    asked = ["reproduce", "paper", "--quick", "--models", base, "--tasks", task, "--examples", "32", "--texts", "2"]
    assert main([*asked, "--output", str(tmp_path / "figures.txt")]) == 2
    assert "expected md, csv, html, json" in capsys.readouterr().err
    outputs = [str(tmp_path / f"figures.{ending}") for ending in ("md", "csv", "html", "json")]
    assert main([*asked, "--output", *outputs]) == 0
    said = capsys.readouterr().out
    assert "## Explanations: rows.csv, bert" in said and "IMDB is left out." not in said.partition(" left out")[0]
    assert all(Path(output).stat().st_size > 500 for output in outputs)
    assert json.loads(Path(outputs[3]).read_text())["what"] == "paper"


def test_a_part_of_a_stored_request_is_whole_too() -> None:
    stored = json.loads(json.dumps(to_plain(ReproduceSpec.of("ours", "quick"))))
    assert REPRODUCE.read(stored) == ReproduceSpec.of("ours", "quick")
    del stored["grid"]["arms"][1]["recipe"]["ridge"]
    with pytest.raises(InputError, match="in its arms, in its recipe, .*lacks ridge"):
        REPRODUCE.read(stored)
