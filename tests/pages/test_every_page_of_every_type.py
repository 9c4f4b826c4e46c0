"""Every page with every type of task: models, results of every kind and a study of that type are in the home."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.progress import SilentReporter
from bcos_core.storage.plain import to_plain
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.lock_run import lock_study
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.selection import Source
from bcos_core.study.studies import Studies
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.team import RATERS_ONLY
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.job import TRAIN
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec
from pages.rate import rating
from tests.databases import Databases
from tests.pages.conftest import OpenPage, button, words
from tests.pages.shown import Shown

COLUMN = {"single-label": "mood", "multi-label": "tags", "regression": "stars"}
# What is said of other answers only: a score has no classes, no probabilities and no accuracy.
FOREIGN = {
    "single-label": r"micro f1|mean absolute|all labels right",
    "multi-label": r"accuracy|\bclass(es)?\b|softmax|mean absolute",
    "regression": r"accuracy|\bclass(es)?\b|probabilit|softmax|sigmoid",
}


@dataclass(frozen=True)
class World:
    """A home with everything of one type; `tokens` invite to its studies, by protocol."""

    kind: str
    home: Home
    tokens: dict[str, str]
    training: str


@pytest.fixture(scope="module", params=LABELS)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[World]:
    kind, home = request.param, Home(tmp_path_factory.mktemp(request.param)).create()
    file = home.root / "reviews.jsonl"
    file.write_text("\n".join(map(json.dumps, _rows())))
    choice = TaskChoice("file", str(file), "text", COLUMN[kind], type=kind)
    metrics = {metric.name: 0.5 for metric in TASK_TYPES[kind].metrics}
    with pytest.MonkeyPatch.context() as patch, databases.own(patch):
        patch.setenv("BCOS_HOME", str(home.root))
        bcos, _ = save_pair(home, kind=kind, task=choice.to_dict(), metrics=metrics, test_size=9)
        for asked in (["audit"], ["words"], ["evaluate", "--limit", "6", "--methods", "bcos", "occlusion"]):
            assert main([asked[0], str(bcos), *asked[1:]]) == 0
        made = {"checkpoint": str(bcos), "metrics": metrics, "test_size": 9}
        training = _trained(home, TrainSpec("minilm", choice, Recipe()), {"bcos": made, "seconds": 3.0})
        tokens = {name: _study(home, name, kind, str(bcos)) for name in PROTOCOLS if not _refused(name, kind)}
        yield World(kind, home, tokens, training)


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "text": f"the {'good' if n % 2 else 'dull'} film no. {n} has {'loud' if n % 3 else 'calm'} music",
            "mood": "positive" if n % 2 else "negative",
            "tags": ["kind"] * (n % 2) + ["noisy"] * (n % 3 > 0) + ["long"],
            "stars": n % 5,
        }
        for n in range(120)
    ]


def _trained(home: Home, spec: TrainSpec, result: dict[str, Any]) -> str:
    """A training that has ended, with a point of its curve."""
    store = JobStore.open(home)
    job, _ = store.begin("train", TRAIN.describe(spec), to_plain(spec), TRAIN.key(spec), ProcessId.current())
    lease, main_metric = Lease(store, job.id, 1), next(iter(result["bcos"]["metrics"]))
    lease.beat({}, [Point("bcos/loss: binary cross-entropy", 1, 0.5), Point(f"bcos/{main_metric}", 1, 0.5)])
    lease.succeed(result, (), ())
    return job.id


def _refused(protocol: str, kind: str) -> bool:
    return PROTOCOLS[protocol].unsupported(TASK_TYPES[kind]) is not None


def _study(home: Home, protocol: str, kind: str, model: str) -> str:
    """An open study by that protocol, and the token of its link."""
    design = StudyDesign(
        f"By {protocol}",
        tuple(Condition(model, name) for name in ("bcos", "occlusion", "saliency"))[
            : PROTOCOLS[protocol].least_conditions
        ],
        protocol,
        Source(count=3, strata=("label",)),
        items_per_rater=2,
        practice=1,
        instructed=int(PROTOCOLS[protocol].instructed_checks),
        task_type=kind,
    )
    database = open_database(home)
    studies = Studies(database)
    study = studies.create(design.title, design.to_dict())
    lock_study(study.id, home=home, reporter=SilentReporter())
    studies.open(study.id)
    return Invitations(database).create(study.id, InviteKind.OPEN, cap=5)[1]


@pytest.fixture
def home(world: World, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(world.home.root))
    monkeypatch.delenv("BCOS_ROOTS", raising=False)
    st.cache_data.clear()
    return world.home


def said(at: AppTest) -> str:
    """All that the page says, and what its fields and tables are called."""
    fields = (at.selectbox, at.multiselect, at.button, at.number_input, at.slider, at.button_group, at.text_input)
    labels = [f"{field.label} {field.help or ''}" for group in fields for field in group]
    options = [str(option) for group in (at.selectbox, at.multiselect) for field in group for option in field.options]
    figures = [f"{metric.label} {metric.value}" for metric in at.metric]
    tables = [frame.value.to_string() for frame in at.dataframe]
    general = ("Tested on a tiny random model", "Refused: ")  # of families, whatever the chosen model answers
    shown = [line for line in words(at).splitlines() if not line.startswith(general)]
    return "\n".join([*shown, *labels, *options, *figures, *tables])


def check(at: AppTest, world: World, *, of_the_model: bool = True) -> str:
    """No error, and nothing that is said of other answers only."""
    assert not at.exception, at.exception
    assert not at.error, [error.value for error in at.error]
    text = said(at)
    if of_the_model:
        found = re.search(FOREIGN[world.kind], text, re.IGNORECASE)
        assert found is None, text[max(0, found.start() - 200) : found.end() + 100]
    return text


def test_home(open_page: OpenPage, world: World) -> None:
    check(open_page("home"), world, of_the_model=False)


def test_train(open_page: OpenPage, world: World) -> None:
    folder = world.home.uploads / "one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reviews.jsonl").write_bytes((world.home.root / "reviews.jsonl").read_bytes())
    column = {"label-column": COLUMN[world.kind], "task-type": world.kind}
    at = open_page("train", task="file", file="one/reviews.jsonl", **{"text-column": "text"}, **column)
    check(at, world, of_the_model=False)
    at = open_page("train", job=world.training)
    check(at, world, of_the_model=False)
    if world.kind == "multi-label":  # without a word about the type
        at = open_page(
            "train", task="file", file="one/reviews.jsonl", **{"text-column": "text", "label-column": "tags"}
        )
        assert "lists" in at.error[0].value


def test_jobs(open_page: OpenPage, world: World) -> None:
    for job in JobStore.open(world.home).list():
        text = check(open_page("jobs", job=job.id), world)
        if job.id == world.training:
            measure = {"single-label": "accuracy", "multi-label": "micro F1", "regression": "mean absolute error"}
            assert f"Test {measure[world.kind]}, B-cos" in text


@pytest.mark.parametrize("model", ["tiny-bcos", "tiny-conventional"])
def test_models(open_page: OpenPage, world: World, model: str) -> None:
    at = open_page("models", model=model)
    text, kind = check(at, world), TASK_TYPES[world.kind]
    assert kind.outputs in text and "with different answers" in text and kind.paired_test in text
    shown = [metric.label for metric in at.metric]
    assert shown[: len(kind.metrics)] == [metric.title for metric in kind.metrics]
    if model == "tiny-bcos":
        assert f"Mean contribution to “{LABELS[world.kind][-1]}”" in text and f"What {kind.verbs[0]} it" in text


def test_compare(open_page: OpenPage, world: World) -> None:
    at = open_page("compare", model="tiny-bcos", example="1", method="bcos")
    text = check(at, world)
    assert "labelled" in text
    targets = [[*box.options] for box in at.selectbox if box.label.startswith("Explained")]
    assert targets == ([["The B-cos model’s answer", *LABELS[world.kind]]] if len(LABELS[world.kind]) > 1 else [])


def test_evaluate(open_page: OpenPage, world: World) -> None:
    at = open_page("evaluate", model="tiny-bcos")
    text = check(at, world)
    assert "Comprehensiveness" in text
    assert not button(at, "Evaluate").disabled
    scores = next(box for box in at.multiselect if box.label == "Scores")
    assert ("Plausibility (AUPRC)" in scores.options) == (world.kind == "single-label")


def test_batch(open_page: OpenPage, world: World) -> None:
    text = check(open_page("batch", model="tiny-bcos"), world)
    assert ("Explained" in text) == (len(LABELS[world.kind]) > 1)


def test_lab(open_page: OpenPage, world: World) -> None:
    check(open_page("lab"), world, of_the_model=False)


def test_studies(open_page: OpenPage, world: World) -> None:
    for study in Studies(open_database(world.home)).list():
        check(open_page("studies", study=study.id), world)


def test_a_new_study(open_page: OpenPage, world: World) -> None:
    at = open_page("studies", study="new")
    text, kind = check(at, world, of_the_model=False), TASK_TYPES[world.kind]
    (protocols,) = [group for group in at.button_group if group.label == "Protocol"]
    fitting = sorted(PROTOCOLS[name].title for name in PROTOCOLS if PROTOCOLS[name].unsupported(kind) is None)
    assert list(protocols.options) == fitting
    missing = sorted(PROTOCOLS[name].title for name in PROTOCOLS if PROTOCOLS[name].unsupported(kind))
    said = f"Not for models that answer with {kind.title.lower()}: {', '.join(missing)}."
    assert (said in text) == bool(missing)
    at = button(at, "Save as a draft").click().run()
    check(at, world)


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_rate(open_page: OpenPage, world: World, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if _refused(protocol, world.kind):
        assert protocol not in world.tokens
        return
    shown = Shown()
    monkeypatch.setattr(rating, "rating_item", shown)
    at = open_page("rate", invite=world.tokens[protocol])
    check(at, world)
    at.checkbox(key="consent").check().run()
    at = button(at, "Start").click().run()
    check(at, world)
    if not PROTOCOLS[protocol].live:
        before = json.dumps(shown.data, ensure_ascii=False)
        at = shown.answer_all(at)
        check(at, world)
        sent = before + json.dumps(shown.data, ensure_ascii=False)
        assert re.search(r"softmax|tiny-bcos|occlusion", sent, re.IGNORECASE) is None
        if world.kind == "regression":
            assert '"probability": null' in sent and "raises “stars”" in sent
        if protocol == "simulation" and world.kind == "multi-label":
            assert "It gives the label “" in sent


def test_a_rater_is_welcomed(open_page: OpenPage, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RATERS_ONLY, "1")
    assert "link" in check(open_page("home"), world)
