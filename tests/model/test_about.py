"""What people say of a model: kept beside the weights, changing nothing that is computed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import CheckpointError, InputError
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.home import Home
from bcos_core.model import content
from bcos_core.model.about import About, change_about, clean, clean_tags, read_about, write_about
from bcos_core.model.classifier import load
from bcos_core.model.identity import checkpoint_notes, folder_identity
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.model.naming import find_named, folder_stem, require_free_name, training_name


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create())


def test_a_name_changes_nothing_that_results_are_known_by(pair: tuple[Path, Path]) -> None:
    before, explainer = folder_identity(pair[0]), load(pair[0])
    subject = make_explainer(explainer, METHODS["saliency"], reference="mask", options={}, seed=0).name
    write_about(pair[0], About("My model", ("good",), "It reads well."))
    assert folder_identity(pair[0]) == before
    renamed = load(pair[0])
    assert renamed.name == "My model" and renamed.identity == explainer.identity
    assert make_explainer(renamed, METHODS["saliency"], reference="mask", options={}, seed=0).name == subject


def test_the_weights_are_not_read_again_for_a_name(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder_identity(pair[0])
    monkeypatch.setattr(content, "weights_hash", lambda path: pytest.fail("the weights were read"))
    write_about(pair[0], About("My model"))
    folder_identity(pair[0])


def test_the_name_travels_with_the_folder(pair: tuple[Path, Path], tmp_path: Path) -> None:
    write_about(pair[0], About("My model", ("a", "b"), "notes"))
    shutil.copytree(pair[0], tmp_path / "elsewhere")
    found = read_info(tmp_path / "elsewhere")
    assert (found.name, found.about.tags, found.about.notes) == ("My model", ("a", "b"), "notes")


def test_the_twin_follows_until_it_has_a_name_of_its_own(pair: tuple[Path, Path]) -> None:
    assert [read_info(path).name for path in pair] == ["tiny-bcos", "tiny-conventional"]
    write_about(pair[0], About("My model"))
    assert [read_info(path).name for path in pair] == ["My model", "My model · conventional"]
    write_about(pair[1], About("The other"))
    assert [read_info(path).name for path in pair] == ["My model", "The other"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  My   model ", "My model"),
        ("Cafe\u0301", "Café"),
        ("a\tb\nc", "a b c"),
        ("模型 2", "模型 2"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("<script>alert(1)</script>".replace("/", "|"), "<script>alert(1)<|script>"),
        (":red[x] **y** $z$", ":red[x] **y** $z$"),
    ],
)
def test_names_that_can_be_kept(given: str, kept: str) -> None:
    assert About(clean(given)).name == kept


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 81, "81 characters"),
        (" x", "spaces around"),
        ("a\x00b", "U+0000"),
        ("a\u202eb", "U+202E"),
        ("a\u200bb", "U+200B"),
        ("\ud800", "U+D800"),
        ("../up", "folder or an option"),
        ("a\\b", "folder or an option"),
        ("--json", "folder or an option"),
        ("…", "no letter or digit"),
    ],
)
def test_names_that_cannot(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("+", r"\+")):
        About(name)


def test_tags_are_kept_once_and_not_too_many() -> None:
    assert clean_tags(["Good", " good ", "", "bad"]) == ("Good", "bad")
    with pytest.raises(InputError, match="21 tags"):
        About(tags=tuple(f"tag {number}" for number in range(21)))
    with pytest.raises(InputError, match="comma"):
        About(tags=("a,b",))
    with pytest.raises(InputError, match="10,001 characters"):
        About(notes="x" * 10_001)


def test_two_who_change_different_things_lose_nothing(pair: tuple[Path, Path], home: Home) -> None:
    seen = read_about(pair[0])
    change_about(pair[0], seen, About(name="First"), locks=home.locks)
    change_about(pair[0], seen, About(notes="Second"), locks=home.locks)
    assert read_about(pair[0]) == About("First", (), "Second")


def test_two_who_change_the_same_thing_are_told(pair: tuple[Path, Path], home: Home) -> None:
    seen = read_about(pair[0])
    change_about(pair[0], seen, About(name="First"), locks=home.locks)
    with pytest.raises(InputError, match="changed elsewhere meanwhile, to “First”"):
        change_about(pair[0], seen, About(name="Second"), locks=home.locks)
    assert read_about(pair[0]).name == "First"
    change_about(pair[0], seen, About(name="First"), locks=home.locks)  # both said the same


@pytest.mark.parametrize(
    "damage", ["{", '{"name": 3}', '{"name": "a/b"}', '{"format_version": 9}', '{"tags": ["x", "' + "y" * 50 + '"]}']
)
def test_a_damaged_file_hides_no_model(pair: tuple[Path, Path], damage: str) -> None:
    (pair[0] / "about.json").write_text(damage)
    info = read_info(pair[0])
    assert info.name == "tiny-bcos" and info.about == About()
    assert any("about.json" in note for note in checkpoint_notes(info))
    with pytest.raises(CheckpointError, match="about.json"):
        change_about(pair[0], About(), About(name="x"), locks=pair[0].parent)
    load(pair[0])


def test_half_a_file_is_never_there(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    write_about(pair[0], About("Before"))
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left"):
        write_about(pair[0], About("After"))
    assert read_about(pair[0]).name == "Before"
    assert not list(pair[0].glob("*.partial")) and not list(pair[0].glob(".*.partial"))


def test_a_model_that_is_trained_anew_keeps_what_was_said(pair: tuple[Path, Path], home: Home) -> None:
    write_about(pair[0], About("My model", ("kept",)))
    save_pair(home)
    assert read_info(pair[0]).about == About("My model", ("kept",))


def test_two_of_one_name_are_told_apart_and_each_can_be_meant(pair: tuple[Path, Path], home: Home) -> None:
    write_about(pair[0], About("My model"))
    shutil.copytree(pair[0], home.models / "copied")
    found = list_checkpoints(home)
    assert {info.name for info in found} == {
        "My model · tiny-bcos",
        "My model · copied",
        "My model · conventional",
    }
    with pytest.raises(CheckpointError, match="means 2 models.*copied"):
        find_named(found, "my model")
    for named, folder in (
        ("My model · copied", "copied"),
        ("tiny-bcos", "tiny-bcos"),
        ("MY MODEL · Conventional", "tiny-conventional"),
    ):
        model = find_named(found, named)
        assert model is not None and model.path.name == folder
    assert find_named(found, "nothing") is None


def test_a_name_that_is_taken_is_refused(pair: tuple[Path, Path], home: Home) -> None:
    write_about(pair[0], About("My model"))
    found = list_checkpoints(home)
    first = next(info for info in found if info.path == pair[0])
    for taken in ("my MODEL", "tiny-bcos"):
        with pytest.raises(InputError, match="already"):
            require_free_name(found, taken)
    require_free_name(found, "My model", of=first)
    require_free_name(found, "My other model")


def test_details_never_hold_what_people_say(pair: tuple[Path, Path]) -> None:
    assert "about" not in json.loads((pair[0] / "checkpoint.json").read_text())


@pytest.mark.parametrize(
    ("name", "stem"),
    [("My model!", "my-model"), ("Été 2", "ete-2"), ("模型", "task"), ("x" * 60, "x" * 40), ("a/../b", "a-b")],
)
def test_a_folder_is_named_in_plain_letters(name: str, stem: str) -> None:
    assert folder_stem(name, "task") == stem


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("quickstart · B-cos 1.5", "quickstart"),
        ("quickstart · B-cos 1.5 · 20261124-061754-327a", "quickstart · 20261124-061754-327a"),
        ("My model", "My model"),
        ("My model · conventional", "My model"),
        ("On conventional wisdom", "On conventional wisdom"),
    ],
)
def test_a_training_is_called_like_both_its_models(pair: tuple[Path, Path], name: str, training: str) -> None:
    assert training_name(replace(read_info(pair[0]), name=name)) == training


def test_who_names_a_model_that_is_gone_is_told_so(pair: tuple[Path, Path], home: Home) -> None:
    write_about(pair[0], About(name="Mine"))
    shutil.rmtree(pair[0])
    with pytest.raises(CheckpointError, match="tiny-bcos is not there any more.*nothing was saved"):
        change_about(pair[0], About(name="Mine"), About(name="Yours"), locks=home.locks)
    assert not pair[0].exists()
