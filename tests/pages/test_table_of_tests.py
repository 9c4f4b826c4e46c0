"""The test set as a table on Compare, for every type of task and for pairs; and what is asked for it, bit by bit."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest
from tiny_pair import LABELS, save_pair

import bcos_core
from bcos_core.errors import NotFiniteError
from bcos_core.home import Home
from bcos_core.model.classifier import predict
from bcos_core.model.info import list_checkpoints
from bcos_core.text.tasks import TaskChoice, load_task
from pages.widgets import answers
from pages.widgets.answers import ask_more, known_answers
from tests.pages.conftest import OpenPage, words

COLUMN = {"single-label": "mood", "multi-label": "tags", "regression": "stars"}


def made(home: Home, kind: str) -> TaskChoice:
    file = home.uploads / "reviews.jsonl"
    rows = [
        {
            "text": f"the {'good' if n % 2 else 'dull'} <b>film</b> no. {n} has {'loud' if n % 3 else 'calm'} music",
            "mood": "positive" if n % 2 else "negative",
            "tags": ["kind"] * (n % 2) + ["noisy"] * (n % 3 > 0) + ["long"],
            "stars": n % 5,
        }
        for n in range(120)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    choice = TaskChoice("file", str(file), "text", COLUMN[kind], type=kind)
    save_pair(home, kind=kind, task=choice.to_dict())
    return choice


def ask_all(home: Home, texts: tuple[str, ...]) -> None:
    for info in list_checkpoints(home):
        assert ask_more(info, texts, 60.0) == 0


@pytest.mark.parametrize("kind", LABELS)
def test_every_type_of_task_has_its_columns(open_page: OpenPage, home: Home, kind: str) -> None:
    task = load_task(made(home, kind))
    ask_all(home, task.test.texts)
    at = open_page("compare", model="tiny-bcos", method="bcos", table="1")
    assert not at.exception and not at.error
    (table,) = (frame.value for frame in at.dataframe if "no" in frame.value)
    given = predict(bcos_core.load(home.models / "tiny-bcos"), task.test.texts)
    assert list(table["text"]) == list(task.test.texts) and list(table["label"]) == [*map(task.word, task.test.labels)]
    assert list(table["answer 0"]) == [answer.label for answer in given]
    if kind == "regression":
        off = [abs(answer.logits[0] - gold) for answer, gold in zip(given, task.test.labels, strict=True)]  # type: ignore[operator]
        np.testing.assert_allclose(table["right 0"], off, atol=1e-5)
        assert "sure 0" not in table
    else:
        right = [answer.label == task.word(gold) for answer, gold in zip(given, task.test.labels, strict=True)]
        assert list(table["right 0"] == "right") == right
        np.testing.assert_allclose(table["sure 0"], [max(answer.probabilities) for answer in given], atol=1e-6)


def test_a_pair_is_one_line(open_page: OpenPage, home: Home) -> None:
    task = TaskChoice("embedded", "template-pairs").to_dict()
    save_pair(home, ("follows", "does not follow"), task=task, text_columns=("premise", "hypothesis"))
    at = open_page("compare", model="tiny-bcos", method="bcos", table="1")
    assert not at.exception
    (table,) = (frame.value for frame in at.dataframe if "no" in frame.value)
    assert all(" ‖ " in text for text in table["text"])


def test_a_filter_jumps_to_the_first_text_that_fits(open_page: OpenPage, home: Home) -> None:
    task = load_task(made(home, "single-label"))
    ask_all(home, task.test.texts)
    given = predict(bcos_core.load(home.models / "tiny-bcos"), task.test.texts)
    wrong = [n for n, answer in enumerate(given) if answer.label != task.word(task.test.labels[n])]
    at = open_page("compare", model="tiny-bcos", method="bcos", text="A text of my own.")
    assert "Your own text is shown" in words(at)
    (kinds,) = [group for group in at.button_group if group.label == "Test set"]
    kinds.set_value("wrong").run()
    assert at.text_area[0].value == task.test.texts[wrong[0]]
    assert at.query_params["filter"] == "wrong" and "text" not in at.query_params
    nearest = sorted(wrong, key=lambda n: max(given[n].probabilities))
    at = open_page("compare", model="tiny-bcos", method="bcos", filter="wrong", order="unsure")
    shown = [at.text_area[0].value]
    next(one for one in at.button if one.label == "Next").click().run()
    shown.append(at.text_area[0].value)
    assert shown == [task.test.texts[n] for n in nearest[:2]]


def test_the_table_is_there_before_the_answers(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task(made(home, "single-label"))
    wanted: list[str] = []
    monkeypatch.setattr(answers, "ask_meanwhile", lambda info, texts: wanted.append(info.name))
    at = open_page("compare", model="tiny-bcos", method="bcos", table="1")
    assert not at.exception and wanted == ["tiny-bcos"]
    (table,) = (frame.value for frame in at.dataframe if "no" in frame.value)
    assert len(table) == len(task.test) and table["answer 0"].isna().all()


def test_what_is_not_known_yet_is_asked_for_meanwhile(home: Home) -> None:
    task = load_task(made(home, "single-label"))
    info = next(info for info in list_checkpoints(home) if info.kind == "bcos")
    assert ask_more(info, task.test.texts, 0.0) == len(task.test)
    answers.ask_meanwhile(info, task.test.texts)
    for thread in threading.enumerate():
        if thread.name == answers.THREAD:
            thread.join(60)
    expected = predict(bcos_core.load(info.path), task.test.texts)
    found: list[Any] = known_answers(info, task.test.texts)
    np.testing.assert_allclose([one.logits for one in found], [one.logits for one in expected], atol=1e-5)
    assert ask_more(info, task.test.texts, 0.0) == 0


def test_answers_that_are_no_numbers_are_an_error_and_not_asked_for_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task(made(home, "single-label"))
    info = next(info for info in list_checkpoints(home) if info.kind == "bcos")

    def broken(*_: Any) -> Any:
        raise NotFiniteError("The logits are nan.")

    monkeypatch.setattr(answers, "logits_on", broken)
    answers.ask_meanwhile(info, task.test.texts)
    for thread in threading.enumerate():
        if thread.name == answers.THREAD:
            thread.join(60)
    with pytest.raises(NotFiniteError):
        answers.ask_meanwhile(info, task.test.texts)


def test_the_row_on_the_screen_is_marked(open_page: OpenPage, home: Home) -> None:
    made(home, "single-label")
    at = open_page("compare", model="tiny-bcos", method="bcos", table="1", example="2")
    (table,) = (frame.value for frame in at.dataframe if "no" in frame.value)
    assert list(table["shown"]).index("▸") == 2
