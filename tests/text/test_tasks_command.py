"""The `tasks` command, without the process around it."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from bcos_core.cli import tasks
from bcos_core.errors import DataError
from bcos_core.text.embedded import EmbeddedTask
from bcos_core.text.examples import TaskData


def call(*argv: str) -> tuple[dict[str, Any], str]:
    parser = argparse.ArgumentParser()
    tasks.add_parser(parser.add_subparsers())
    args = parser.parse_args(["tasks", *argv])
    result = args.run(args)
    return json.loads(json.dumps(result)), args.show(result)


def test_the_embedded_tasks_are_listed() -> None:
    result, shown = call()
    assert [task["name"] for task in result["tasks"]] == ["short-reviews", "long-reviews", "tweets", "template-pairs"]
    first = result["tasks"][0]
    assert set(first) == {"name", "title", "description", "type", "labels", "max_length", "examples"}
    assert sum(first["examples"].values()) == 8530
    assert "negative, neutral, positive" in shown


def test_a_missing_package_hides_no_other_task(monkeypatch: pytest.MonkeyPatch) -> None:
    real = EmbeddedTask.load

    def load(task: EmbeddedTask) -> TaskData:
        if task.name == "tweets":
            raise DataError("Install it.")
        return real(task)

    monkeypatch.setattr(EmbeddedTask, "load", load)
    result, shown = call()
    assert [task["examples"] is None for task in result["tasks"]] == [False, False, True, False]
    assert "Install it." in shown


def test_a_file_is_previewed(tmp_path: Path) -> None:
    rows = "".join(f"number {i} <script>,{i % 2}\n" for i in range(40))
    (tmp_path / "rows.csv").write_text("a,b\n" + rows + ",1\n")
    result, shown = call("--preview", str(tmp_path / "rows.csv"), "--text-column", "a", "--label-column", "b")
    preview = result["preview"]
    assert preview["classes"] == {"0": 20, "1": 20}
    assert sum(preview["examples"].values()) == 40
    assert preview["words"] == {"minimum": 3, "median": 3, "maximum": 3}
    assert len(preview["rows"]) == 5
    assert preview["notes"] == ["Rows left out because their text or label is empty: 1."]
    assert "0 20, 1 20" in shown and "Note: Rows left out" in shown


def test_columns_without_a_task_are_refused() -> None:
    with pytest.raises(DataError, match="add --preview"):
        call("--text-column", "a")
    with pytest.raises(DataError, match="no task or file"):
        call("--preview", "nothing")


def test_help_has_an_example() -> None:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    tasks.add_parser(subparsers)
    assert "python -m bcos_core tasks --preview" in subparsers.choices["tasks"].format_help()
