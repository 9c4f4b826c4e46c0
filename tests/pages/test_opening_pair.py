"""Which two models a page opens with: those that have something to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.lab.models import PLANTED
from bcos_core.model.classifier import load, predict
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, list_checkpoints, read_info
from bcos_core.model.kept_logits import keep_logits
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.prediction import Prediction
from bcos_core.text.tasks import TaskChoice, load_task
from pages.widgets.answered_texts import AnsweredTexts
from pages.widgets.opening import opening_pair
from tests.pages.conftest import OpenPage, words

TASK = TaskChoice("embedded", "short-reviews")
SAME = {"a fine film": ((1.0, 0.0), (2.0, 0.0)), "dull": ((0.0, 1.0), (0.0, 3.0))}
OTHER = {**SAME, "well": ((0.0, 1.0), (1.0, 0.0))}


@pytest.fixture
def opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(home.create().root))
    return home


def made(home: Home, name: str, day: int, answers: dict[str, Any] | None, task: TaskChoice = TASK, **more: Any) -> None:
    """A pair of that name, and what both of its models are known to answer: text → logits of either."""
    for place, folder in enumerate(save_pair(home, task=task.to_dict(), **more)):
        moved = home.models / (f"{name}-conventional" if place else name)
        folder.rename(moved)
        file = moved / "checkpoint.json"
        said = {"twin": name if place else f"{name}-conventional", "created_at": f"2026-01-{day:02d}T00:00:00+00:00"}
        details = {**json.loads(file.read_text()), **said}
        file.write_text(json.dumps({key: value for key, value in details.items() if key != "content"}))
        config = moved / "config.json"  # of its own, so that nothing is known of it by another's name
        config.write_text(json.dumps({**json.loads(config.read_text()), "made_for": name}))
        if answers is not None:
            subject = model_subject(folder_identity(moved), read_info(moved).max_length)
            store = EvidenceStore(open_database(home))
            keep_logits(subject, {text: both[place] for text, both in answers.items()}, store)


def pair(home: Home) -> list[str]:
    return opening_pair({info.path.name: info for info in list_checkpoints(home)})


def planted(home: Home) -> dict[str, Any]:
    folder = home.lab / "job-1"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{PLANTED}rare-word.jsonl"
    file.touch()
    return {"task": TaskChoice("file", str(file), "text", "label"), "job": "job-1"}


def test_an_older_pair_that_disagrees_comes_before_a_newer_one_that_agrees(opened: Home) -> None:
    made(opened, "older", 1, OTHER)
    made(opened, "newer", 2, SAME)
    assert pair(opened) == ["older", "older-conventional"]


def test_of_pairs_that_disagree_the_newest(opened: Home) -> None:
    made(opened, "older", 1, OTHER)
    made(opened, "newer", 2, OTHER)
    assert pair(opened) == ["newer", "newer-conventional"]


def test_a_pair_of_which_nobody_knows_comes_before_one_that_agrees(opened: Home) -> None:
    made(opened, "older", 1, None)
    made(opened, "newer", 2, SAME)
    assert pair(opened) == ["older", "older-conventional"]


def test_where_all_agree_the_newest(opened: Home) -> None:
    made(opened, "older", 1, SAME)
    made(opened, "newer", 2, SAME)
    assert pair(opened) == ["newer", "newer-conventional"]


def test_an_answer_that_becomes_known_counts(opened: Home) -> None:
    made(opened, "older", 1, OTHER)
    made(opened, "newer", 2, SAME)
    assert pair(opened)[0] == "older"
    store = EvidenceStore(open_database(opened))
    for name, logits in (("newer", (0.0, 1.0)), ("newer-conventional", (1.0, 0.0))):
        folder = opened.models / name
        keep_logits(model_subject(folder_identity(folder), read_info(folder).max_length), {"well": logits}, store)
    assert pair(opened)[0] == "newer"


@pytest.mark.parametrize("answers", [SAME, OTHER])
def test_a_planted_pair_leads_only_where_there_is_no_other(opened: Home, answers: dict[str, Any]) -> None:
    details = planted(opened)
    made(opened, "lab", 3, answers, **details)
    assert pair(opened) == ["lab", "lab-conventional"]
    made(opened, "own", 1, SAME)
    assert pair(opened) == ["own", "own-conventional"]


def test_a_model_without_a_b_cos_form_is_shown_alone(opened: Home, tmp_path: Path) -> None:
    made(opened, "own", 1, SAME)
    (opened.models / "own").rename(tmp_path / "away")
    assert pair(opened) == ["own-conventional"]
    assert opening_pair({}) == []


def test_home_shows_the_pair_that_disagrees_and_the_text_on_which_it_does(opened: Home, open_page: OpenPage) -> None:
    texts = load_task(TASK).test.texts
    made(opened, "older", 1, None)
    models = [load(opened.models / name) for name in ("older", "older-conventional")]
    answers = [[one.label for one in predict(model, texts)] for model in models]
    first = next(place for place, (one, other) in enumerate(zip(*answers, strict=True)) if one != other)
    made(opened, "newer", 2, SAME)
    at = open_page("home")
    assert not at.exception and "two answers" in words(at)
    assert "older" in words(at) and texts[first].split()[0] in str(at)


def test_a_text_far_down_is_opened_on_where_it_is_the_only_one(opened: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first texts are asked about; of the others, only those whose known answers differ."""
    task = load_task(TASK)
    place = len(task.test) - 1
    last = task.test.texts[place]
    known = dict.fromkeys(task.test.texts, ((0.0, 1.0), (0.0, 2.0))) | {last: ((0.0, 1.0), (1.0, 0.0))}
    made(opened, "own", 1, known)
    infos = [read_info(opened.models / name) for name in ("own", "own-conventional")]
    asked: list[tuple[str, ...]] = []

    def answers(info: CheckpointInfo, texts: tuple[str, ...]) -> list[Prediction]:
        asked.append(texts)
        sides = [known[text][infos.index(info)] for text in texts]
        return [task.task_type.prediction(logits, task.labels) for logits in sides]

    monkeypatch.setattr("pages.widgets.answered_texts.resources.predictions", answers)
    assert AnsweredTexts(task, tuple(infos)).opening() == place
    assert asked == [task.test.texts[:48]] * 2 + [(last,)] * 2


def test_home_says_on_how_many_texts_two_models_agree(opened: Home, open_page: OpenPage) -> None:
    """Both models are one, so that they agree everywhere."""
    made(opened, "one", 1, None)
    twin = opened.models / "one-conventional"
    for file in (opened.models / "one").iterdir():
        if file.name != "checkpoint.json":
            (twin / file.name).write_bytes(file.read_bytes())
    details = json.loads((twin / "checkpoint.json").read_text())
    (twin / "checkpoint.json").write_text(json.dumps({**details, "kind": "bcos", "b": 1.5}))
    at = open_page("home")
    assert not at.exception and "They agree on the first 48 test texts." in words(at)
    texts = load_task(TASK).test.texts
    subject = model_subject(folder_identity(twin), read_info(twin).max_length)
    keep_logits(subject, dict.fromkeys(texts, (1.0, 0.0)), EvidenceStore(open_database(opened)))
    at = open_page("home")
    assert f"They agree on all {len(texts):,} test texts." in words(at)
