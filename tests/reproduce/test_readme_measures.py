"""The figures that no grid has: declared once, measured on a tiny model, kept between the starts of a job."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core.errors import InputError, JobCancelled
from bcos_core.home import Home
from bcos_core.lab.spec import LabSpec
from bcos_core.model.convert import convert
from bcos_core.model.sources import embedded_path
from bcos_core.progress import SilentReporter
from bcos_core.reproduce.figure import Found, Place
from bcos_core.reproduce.measure import Bench, Effort, Measure
from bcos_core.reproduce.measures import captum, exactness, speed, studies, trained
from bcos_core.reproduce.measures.subjects import Subjects
from bcos_core.reproduce.measures_run import run_measures
from bcos_core.reproduce.ours import MEASURES, ours_effort, ours_grid, ours_names
from bcos_core.reproduce.plan import reproduce_plan, stages_of
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.storage.listing import LeftOut
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.recipe import Recipe
from tests.train.small_task import spec_of, write_inputs


@pytest.fixture(scope="module")
def subjects() -> Subjects:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    config = BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, num_labels=2)
    model = BertForSequenceClassification(config).eval()
    return Subjects(model, convert(model, b=1.5).eval(), tokenizer, load_task(TaskChoice("embedded", "short-reviews")))


@pytest.fixture
def bench(home: Home, tmp_path: Path, subjects: Subjects) -> Bench:
    quickstart = spec_of(write_inputs(tmp_path / "inputs"), epochs=0.5)
    lab = LabSpec(model=quickstart.model, limit=10, methods=("saliency",), recipe=_tiny_recipe())
    effort = Effort(repeats=2, evaluated=2, studies=2, explanations=2, beside_captum=3, quickstart=quickstart, lab=lab)
    return Bench(effort, home.create(), tmp_path / "work", "j1", SilentReporter(), subjects)


def _tiny_recipe() -> Recipe:
    return Recipe(calibration_texts=16, epochs=1.0, examples=80, max_length=32, precision="fp32")


def test_every_figure_has_one_name() -> None:
    names = list(ours_names())
    assert len(names) == len(set(names))
    for one in MEASURES.values():
        assert one.places and callable(one.run.load())


def test_a_quick_run_leaves_nothing_out_but_repetitions() -> None:
    quick, whole = SCALES["quick"], SCALES["small"]
    few, all_of_it = ours_grid(quick), ours_grid(whole)
    for name in ("bases", "methods", "scores", "against", "left_out"):
        assert getattr(few, name) == getattr(all_of_it, name)
    assert [task.name for task in few.tasks] == [task.name for task in all_of_it.tasks]
    assert [arm.name for arm in few.arms] == [arm.name for arm in all_of_it.arms]
    assert ours_effort(quick).lab.methods == ours_effort(whole).lab.methods
    assert ours_effort(quick).quickstart == ours_effort(whole).quickstart


def test_the_plan_has_a_part_for_every_stage() -> None:
    spec = ReproduceSpec.of("ours", "quick")
    plan = reproduce_plan(spec)
    assert {part.stage for part in plan} == set(range(stages_of(spec))) and all(part.seconds > 0 for part in plan)


def test_measured_figures_stand_at_their_places(bench: Bench) -> None:
    found = {
        "exactness": list(exactness.exactness(bench)),
        "training_speed": list(speed.training_speed(bench)),
        "page_latency": list(speed.page_latency(bench)),
        "against_captum": list(captum.against_captum(bench)),
        "study_statistics": list(studies.recovery(bench)),
    }
    for name, figures in found.items():
        assert [one.figure.name for one in figures] == list(MEASURES[name].places), name
        assert all(one.figure.value >= 0 for one in figures)
    worst = {one.figure.name: one.figure.value for one in (*found["exactness"], *found["against_captum"])}
    assert worst["completeness_error_worst"] < 1e-4 and worst["padding_difference_worst"] < 1e-4
    assert worst["occlusion_captum_difference_worst"] < 1e-4
    (share, *_) = found["study_statistics"]
    assert share.figure.n == 2 and share.figure.low is not None  # Wilson's of two simulated studies


def test_the_quick_start_is_trained_once(bench: Bench) -> None:
    first = [one.figure for one in trained.quickstart(bench)]
    assert {one.name for one in first} <= set(MEASURES["quickstart"].places)
    assert first == [one.figure for one in trained.quickstart(bench)]
    assert len(list(bench.home.cells.iterdir())) == 2


def test_a_planted_truth_is_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    first = [one.figure for one in trained.planted_truth(bench)]
    assert {"planted_flips_bcos", "planted_flips_conventional"} <= {one.name for one in first}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("planted again")

    monkeypatch.setattr(trained, "run_lab", refuse)
    assert first == [one.figure for one in trained.planted_truth(bench)]


class Counted:
    """A measure's function that counts its calls, and may end with an error."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.place, self.error, self.calls = Place(name, "Group", name, "Figure"), error, 0

    def __call__(self, bench: Bench) -> list[Found]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return [self.place.median([1.0, 2.0, 4.0], "repetitions")]

    @property
    def measure(self) -> Measure:
        return Measure(self.place.name, self.place.name, {self.place.name: self.place}, self, (1.0, 0.0))  # type: ignore[arg-type]


def test_a_stopped_run_measures_nothing_twice_and_names_what_it_cannot(bench: Bench) -> None:
    one, broken, other = (
        Counted("one"),
        Counted("broken", InputError("No data.")),
        Counted("other", JobCancelled("stop")),
    )
    measures, left_out = [one.measure, broken.measure, other.measure], list[LeftOut]()
    with pytest.raises(JobCancelled):
        run_measures(measures, bench, first=1, count=5, left_out=left_out)
    other.error = None
    found = run_measures(measures, bench, first=1, count=5, left_out=left_out)
    assert [result.figure.name for result in found] == ["one", "other"]
    assert found[0] == one.place.median([1.0, 2.0, 4.0], "repetitions")
    assert (one.calls, other.calls) == (1, 2)
    assert left_out[-1] == LeftOut("broken", "No data.")
