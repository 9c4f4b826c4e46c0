"""Pages with models of several labels and of a score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tiny_pair import MAX_LENGTH
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core.home import Home
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.convert import convert
from bcos_core.model.sources import embedded_path
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice
from tests.pages.conftest import OpenPage, button, words

LABELS = {"multi-label": ("kind", "long", "noisy"), "regression": ("stars",)}


@pytest.fixture(params=LABELS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(home: Home) -> Path:
    path = home.root / "reviews.jsonl"
    rows = [
        {
            "text": f"the film is good no. {n}",
            "tags": ["kind"] * (n % 2) + ["noisy"] * (n % 3 == 0) + ["long"],
            "stars": n % 5,
        }
        for n in range(80)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def models(home: Home, kind: str, file: Path) -> list[str]:
    """A random model of that kind and its twin."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=len(LABELS[kind]),
        max_position_embeddings=MAX_LENGTH,
        initializer_range=0.3,
        problem_type=TASK_TYPES[kind].problem_type,
    )
    twin = BertForSequenceClassification(config).eval()
    if kind == "regression":
        twin.config.score_centre = 2.5  # as training leaves it
    column = "tags" if kind == "multi-label" else "stars"
    choice = TaskChoice("file", str(file), "text", column, type=kind)
    metrics = {metric.name: 0.5 for metric in TASK_TYPES[kind].metrics}
    for name, model, other in (("twin", twin, "bcos"), ("bcos", convert(twin), "twin")):
        details = {"task": choice.to_dict(), "metrics": metrics, "test_size": 9, "twin": other, "task_type": kind}
        save_checkpoint(model, tokenizer, home.models / name, labels=LABELS[kind], max_length=MAX_LENGTH, **details)
    return ["bcos", "twin"]


def test_compare(open_page: OpenPage, models: list[str], kind: str) -> None:
    at = open_page("compare", model="bcos", text="a good film", method="bcos")
    assert not at.exception and not at.error, at.error
    targets = [[*box.options] for box in at.selectbox if box.label == "Explained class"]
    assert targets == ([["Predicted", *LABELS[kind]]] if kind == "multi-label" else [])


def test_models(open_page: OpenPage, models: list[str], kind: str) -> None:
    at = open_page("models", model="bcos")
    assert not at.exception
    assert not at.error, at.error
    shown = [metric.label for metric in at.metric]
    assert shown == 2 * [metric.title for metric in TASK_TYPES[kind].metrics]
    button(at, "Run the audit")
    button(at, "Gather the words")


def test_evaluate(open_page: OpenPage, models: list[str], kind: str) -> None:
    at = open_page("evaluate", model="bcos")
    assert not at.exception and not at.error
    assert "Pointing game" in words(at) and "each text has one label" in words(at)
    scores = next(box for box in at.multiselect if box.label == "Scores")
    assert "Pointing game" not in scores.options
    assert not button(at, "Evaluate").disabled


def test_studies(open_page: OpenPage, models: list[str]) -> None:
    at = open_page("studies")
    assert not at.exception and not at.error


def test_the_train_page_reads_the_type_of_a_file(open_page: OpenPage, home: Home, file: Path) -> None:
    folder = home.uploads / "one"
    folder.mkdir(parents=True)
    (folder / "reviews.jsonl").write_bytes(file.read_bytes())
    address = {"task": "file", "file": "one/reviews.jsonl", "text-column": "text"}
    at = open_page("train", **address, **{"label-column": "stars", "task-type": "regression"})
    assert not at.exception and not at.error, at.error
    at = open_page("train", **address, **{"label-column": "tags", "task-type": "multi-label"})
    assert not at.exception and not at.error, at.error
    at = open_page("train", **address, **{"label-column": "tags"})
    assert "lists" in at.error[0].value
