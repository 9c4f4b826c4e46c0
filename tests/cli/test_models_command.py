"""`models`: a model is named on the command line by what it is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.identity import folder_identity
from bcos_core.storage.database import Database, open_engine


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create())


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, code: int = 0) -> Any:
        assert main([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def test_a_name_is_what_commands_take_and_print(pair: tuple[Path, Path], say: Any) -> None:
    before = folder_identity(pair[0])
    assert say("models", "rename", "tiny-bcos", "  My   model ")["name"] == "My model"
    assert folder_identity(pair[0]) == before
    listed = say("models")["checkpoints"]
    assert {one["name"] for one in listed} == {"My model", "My model · conventional"}
    for name in ("My model", "my MODEL", "tiny-bcos", str(pair[0])):
        (record,) = say("explain", name, "--text", "A good film.")["records"]
        assert record["model"] == "My model"
    (twin,) = say("explain", "My model · conventional", "--text", "A good film.", "--method", "saliency")["records"]
    assert twin["model"] == "My model · conventional"


def test_models_are_listed_beside_a_database_that_cannot_be_used(
    home: Home, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """They are folders; what a newer program has made of the rest is said, and nothing is made where there is none."""
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    assert str(pair[0]) in listed and "database" not in listed
    with Database(open_engine(home)).write() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS jobs (id TEXT)")
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    for words in (["models"], ["models", "trash"]):
        assert main(words) == 0
        assert "was made by a newer version of this program (revision 9999). Update" in capsys.readouterr().out
    assert main(["models"]) == 0
    assert set(listed.splitlines()) < set(capsys.readouterr().out.splitlines())


@pytest.mark.sqlite_file
def test_listing_models_makes_no_database(home: Home, pair: tuple[Path, Path]) -> None:
    for words in (["models"], ["models", "trash"]):
        assert main(words) == 0
    assert not home.database.exists()


def test_figures_have_the_names_and_units_that_pages_give_them(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"single-label": {"accuracy": 0.819, "macro_f1": 0.8}, "regression": {"mae": 0.834, "pearson": 0.5}}
    for kind, metrics in figures.items():
        folder, _ = save_pair(home.create(), kind=kind)
        file = folder / "checkpoint.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "metrics": metrics, "test_size": 1000}))
        assert main(["models"]) == 0
        said = capsys.readouterr().out
        assert "macro_f1" not in said and "mae " not in said
        if kind == "regression":
            assert "· mean absolute error 0.834 · Pearson's r 0.500" in said
        else:
            # Wilson's interval of 819 in 1,000 by hand: (0.819 + z²/2n ± z √(0.819·0.181/n + z²/4n²)) / (1 + z²/n)
            assert "· accuracy 81.9 % (95 % interval 79.4 % to 84.2 %) · macro F1 80.0 %" in said


def test_a_record_of_the_old_name_is_the_same_record(pair: tuple[Path, Path], say: Any, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(say("explain", "tiny-bcos", "--text", "A good film.")["records"]))
    say("models", "rename", "tiny-bcos", "My model")
    again = say("rerun", str(file))
    assert again["matches"] and again["results"][0]["differences"] == []


def test_a_name_that_means_two_models_is_asked_about(pair: tuple[Path, Path], home: Home, say: Any) -> None:
    say("models", "rename", "tiny-bcos", "My model")
    shutil.copytree(pair[0], home.models / "copied")
    message = say("explain", "My model", "--text", "x", code=2)["error"]["message"]
    assert "means 2 models" in message and "copied" in message and "tiny-bcos" in message
    (record,) = say("explain", "My model · copied", "--text", "A good film.")["records"]
    assert record["weights_hash"]


def test_a_folder_beside_that_is_called_the_same_is_asked_about(
    pair: tuple[Path, Path], say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("models", "rename", "tiny-bcos", "results")
    (tmp_path / "here" / "results").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    message = say("explain", "results", "--text", "x", code=2)["error"]["message"]
    assert "./results" in message and str(pair[0]) in message


@pytest.mark.parametrize("name", ["tiny-conventional", "a/b", "--json", "x" * 81, "\u202eevil"])
def test_names_that_are_refused(pair: tuple[Path, Path], say: Any, name: str) -> None:
    words = ["models", "rename", "tiny-bcos"]
    said = say(*words, "--", name, code=2) if name.startswith("-") else say(*words, name, code=2)
    assert said["error"]["message"]
    assert {one["name"] for one in say("models")["checkpoints"]} == {"tiny-bcos", "tiny-conventional"}


def test_tags_and_notes(pair: tuple[Path, Path], say: Any, capsys: pytest.CaptureFixture[str]) -> None:
    say("models", "tag", "tiny-bcos", "baseline, for the paper", "Baseline")
    assert say("models", "tag", "tiny-bcos", "new")["tags"] == ["baseline", "for the paper", "new"]
    assert say("models", "tag", "tiny-bcos", "--remove", "BASELINE", "new")["tags"] == ["for the paper"]
    assert say("models", "note", "tiny-bcos", "First line\nsecond")["notes"] == "First line\nsecond"
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    assert "tags for the paper" in shown and "    second" in shown
    assert say("models", "note", "tiny-bcos", "")["notes"] == ""


def test_delete_says_what_hangs_on_it_and_is_undone(pair: tuple[Path, Path], say: Any) -> None:
    looked = say("models", "delete", "tiny-bcos", "--dry-run")
    assert looked["id"] is None and looked["uses"] == ["tiny-conventional would have no twin any more."]
    assert pair[0].is_dir()
    done = say("models", "delete", "tiny-bcos", "--twin")
    assert sorted(done["deleted"]) == ["tiny-bcos", "tiny-conventional"] and say("models")["checkpoints"] == []
    (kept,) = say("models", "trash")["trash"]
    assert kept["id"] == done["id"] and kept["bytes"] > 1000
    assert sorted(say("models", "restore", done["id"])["restored"]) == ["tiny-bcos", "tiny-conventional"]
    say("models", "delete", "tiny-bcos")
    assert say("models", "trash", "--empty")["emptied"]
    assert say("models", "trash")["trash"] == [] and not pair[0].exists() and pair[1].exists()
