"""Naming a task, and reading the name back."""

import json
from pathlib import Path

import pytest

from bcos_core.errors import BcosError, DataError, UnknownNameError
from bcos_core.text.tasks import EMBEDDED_TASKS, TaskChoice, load_task


def test_what_a_name_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("text,label\n")
    file = str(tmp_path.resolve() / "rows.csv")
    assert TaskChoice.parse(" tweets ") == TaskChoice("embedded", "tweets")
    assert TaskChoice.parse("rows.csv", text_column="a", label_column="b") == TaskChoice("file", file, "a", "b")
    assert TaskChoice.parse("file:rows.csv") == TaskChoice("file", file)
    assert TaskChoice.parse("hub:stanfordnlp/imdb") == TaskChoice("hub", "stanfordnlp/imdb")
    assert TaskChoice.parse("hub:nyu-mll/glue:sst2") == TaskChoice("hub", "nyu-mll/glue", hub_config="sst2")
    assert TaskChoice.parse("hub:a/b", hub_config="c") == TaskChoice("hub", "a/b", hub_config="c")


@pytest.mark.parametrize(
    "text", ["", " ", "imdb", "nowhere.csv", "hub:", "hub:imdb", "hub:../../etc", "hub:a/b/c", "hub:/etc/x", "file:"]
)
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        TaskChoice.parse(text)


def test_the_refusal_says_what_can_be_named() -> None:
    with pytest.raises(DataError, match=r"short-reviews, long-reviews, tweets.*hub:OWNER/NAME.*file:PATH"):
        TaskChoice.parse("nothing")


def test_choices_that_do_not_fit_together() -> None:
    with pytest.raises(DataError, match="no columns to choose"):
        TaskChoice.parse("tweets", text_column="text")
    with pytest.raises(DataError, match="Only hub data sets have configurations"):
        TaskChoice("file", "/rows.csv", hub_config="x")
    with pytest.raises(DataError, match="both the text and the label"):
        TaskChoice("file", "/rows.csv", "a", "a")
    with pytest.raises(DataError, match="both the text and the second text"):
        TaskChoice("file", "/rows.csv", "a", "b", second_column="a")
    with pytest.raises(DataError, match="name the column of the first ones"):
        TaskChoice("file", "/rows.csv", label_column="b", second_column="a")
    with pytest.raises(DataError, match="no columns to choose"):
        TaskChoice.parse("tweets", text_column="text", second_column="other")
    with pytest.raises(DataError, match="Two configurations"):
        TaskChoice.parse("hub:a/b:c", hub_config="d")
    with pytest.raises(DataError, match="Known: embedded, hub, file"):
        TaskChoice("sql", "x")
    with pytest.raises(UnknownNameError, match="long-reviews, short-reviews, template-pairs, tweets"):
        TaskChoice("embedded", "movies")


@pytest.mark.parametrize(
    "choice",
    [
        TaskChoice("embedded", "tweets"),
        TaskChoice("hub", "a/b", "t", "l", "c"),
        TaskChoice("file", "/with: colon/rows.csv", "t", "l"),
        TaskChoice("file", "/rows.csv", "t", "l", second_column="s"),
    ],
)
def test_a_choice_survives_json_and_the_command_line(choice: TaskChoice) -> None:
    assert TaskChoice.from_dict(json.loads(json.dumps(choice.to_dict()))) == choice
    columns = {
        "text_column": choice.text_column,
        "label_column": choice.label_column,
        "second_column": choice.second_column,
    }
    assert TaskChoice.parse(choice.argument, **columns) == choice


def test_titles() -> None:
    assert TaskChoice("embedded", "tweets").title == EMBEDDED_TASKS["tweets"].title
    assert TaskChoice("hub", "a/b", hub_config="c").title == "a/b (c)"
    assert TaskChoice("file", "/x/rows.csv").title == "rows.csv"


@pytest.mark.parametrize("data", [{}, {"kind": "file"}, {"kind": "file", "name": "x", "more": 1}])
def test_what_is_not_a_choice(data: dict[str, object]) -> None:
    with pytest.raises(DataError, match="not a task choice"):
        TaskChoice.from_dict(data)


def test_a_file_task_is_loaded_with_its_columns(tmp_path: Path) -> None:
    rows = "".join(f'{{"a": "text {i}", "b": "text {i}!", "c": {i % 2}}}\n' for i in range(30))
    (tmp_path / "rows.jsonl").write_text(rows)
    data = load_task(TaskChoice.parse(str(tmp_path / "rows.jsonl"), text_column="b", label_column="c"))
    assert data.labels == ("0", "1") and all(text.endswith("!") for text in data.train.texts)
    with pytest.raises(BcosError):
        load_task(TaskChoice("file", str(tmp_path / "gone.jsonl")))
