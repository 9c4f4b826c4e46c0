"""The Models page: what is known of a model, and the audit of its conversion."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

from bcos_core.cli.main import main
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.model import content
from bcos_core.model.about import About, write_about
from bcos_core.model.info import read_info
from bcos_core.shelf.trash import put_away
from bcos_core.shelf.uses import uses_of
from bcos_core.study.studies import Studies
from tests.pages.conftest import OpenPage, button, words

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home, task=TASK, recipe={"b": 1.5, "seed": 42})


def test_without_a_model_it_leads_to_one(open_page: OpenPage) -> None:
    at = open_page("models")
    assert "no trained model" in words(at) and not at.exception


@pytest.mark.parametrize("page", ["models", "compare"])
def test_an_adapter_among_the_models_is_named(page: str, home: Home, open_page: OpenPage) -> None:
    (home.models / "mine").mkdir()
    (home.models / "mine" / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    at = open_page(page)
    assert not at.exception and "mine is left out. The folder mine has an adapter in it" in words(at)
    assert "merge_and_unload()" in words(at)


def test_an_audit_is_a_job_that_is_asked_for_once(
    pair: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    at = open_page("models")
    assert not at.exception, at.exception
    assert "B-cos, B = 1.5" in words(at) and "“Audit” above starts it" in words(at)
    button(at, "Audit").click().run()
    (job,) = store.list()
    assert job.kind == "audit" and job.spec == {"checkpoints": [str(path) for path in pair]}
    at = open_page("models", model="tiny-conventional")  # the same pair
    assert "“Audit” above starts it" not in words(at) and "Waiting" in words(at)
    button(at, "Audit").click().run()
    assert len(store.list()) == 1


def test_a_finished_audit(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    assert main(["audit", "tiny-bcos", "--json"]) == 0
    at = open_page("models")
    assert not at.exception, at.exception
    said = words(at)
    assert "McNemar" in said and "with different answers" in said
    assert [metric.label for metric in at.metric] == ["Accuracy", "Macro F1", "Brier score"] * 2
    assert button(at, "Open in Compare").disabled
    assert set(at.dataframe[1].value["label"]) <= {"negative", "positive"}
    button(at, "Audit").click().run()  # again: what it does is said beside the figures of before
    assert "Waiting" in words(at) and "McNemar" in words(at)


@pytest.mark.usefixtures("pair")
def test_a_model_that_is_gone_is_said_and_no_other_takes_its_place(open_page: OpenPage) -> None:
    at = open_page("models", model="gone")
    assert "The link names gone, which is not here" in words(at) and not at.exception
    assert "What has the conversion changed?" not in words(at)


def test_a_model_without_a_twin(home: Home, open_page: OpenPage) -> None:
    save_pair(home, task=TASK)
    shutil.rmtree(home.models / "tiny-conventional")
    at = open_page("models")
    assert "has no twin here" in words(at) and not at.exception


def test_a_word_is_edited_and_asked_again(pair: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    assert main(["words", "tiny-bcos", "--json"]) == 0
    at = open_page("models", **{"words-of": "negative"})
    word = str(at.dataframe[1].value["word"].iloc[0])
    assert "decide?" not in words(at)
    address = {"words-of": "negative", "word": word, "edit": "replace"}
    at = open_page("models", **address)
    assert f"Does “{word}” decide?" in words(at) and "Type the word to put in its place" in words(at)
    at = open_page("models", **address, **{"edit-other": "granite"})
    button(at, "Edit and ask again").click().run()
    job = next(job for job in store.list() if job.kind == "retest")
    command = command_of(job)
    assert command.endswith(f"{word} --label=0 --method=bcos --edit=replace --limit=300 --seed=0 --other=granite")
    store.cancel(job.id)
    assert main(["retest", "tiny-bcos", word, "--label", "negative", "--json"]) == 0
    at = open_page("models", **address | {"edit": "drop"})
    assert not at.exception and not at.error, at.exception
    table = at.dataframe[3].value
    assert {"before", "after", "text", "edited"} <= set(table.columns) and len(table) >= 5
    assert "The same edit of another word" in words(at) or "do not lean on it" in words(at)
    assert len([one for one in at.get("download_button") if "Report" in one.label]) == 4  # of this word, and of all


def test_the_words_of_a_model(pair: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    at = open_page("models")
    button(at, "Gather the words").click().run()
    (job,) = store.list()
    assert job.kind == "words" and command_of(job).endswith("--method=bcos --limit=300 --seed=0")
    store.cancel(job.id)
    assert main(["words", "tiny-bcos", "--json"]) == 0
    at = open_page("models", **{"words-of": "negative"})
    assert not at.exception, at.exception
    assert "Mean contribution to “negative”" in words(at) and "linear model of word counts (accuracy " in words(at)
    speak_for = at.dataframe[1].value
    assert list(speak_for["mean contribution"]) == sorted(speak_for["mean contribution"], reverse=True)


def test_weights_and_data_are_read_once_while_the_audit_is_not_known(
    pair: tuple[Path, Path], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = content.weights_hash

    def counting(path: Path) -> str:
        hashed.append(path.name)
        return real(path)

    monkeypatch.setattr(content, "weights_hash", counting)
    at = open_page("models").run()
    assert "“Audit” above starts it" in words(at)
    assert sorted(set(hashed)) == sorted(hashed)  # each at most once, over several runs of the page
    assert "tiny-bcos" in hashed
    weights = pair[0] / "model.safetensors"
    os.utime(weights, ns=(weights.stat().st_atime_ns, weights.stat().st_mtime_ns + 10**9))
    hashed.clear()
    at.run()
    assert hashed == ["tiny-bcos"]


def test_a_damaged_folder_is_named_and_hides_nothing(pair: tuple[Path, Path], home: Home, open_page: OpenPage) -> None:
    bad = home.models / "bad-folder"
    shutil.copytree(pair[0], bad)
    (bad / "checkpoint.json").write_text('{"accuracy": "high"}')
    for page in ("models", "compare", "evaluate", "studies"):
        at = open_page(page)
        assert not at.exception, at.exception
        assert "Something went wrong" not in words(at)
    at = open_page("models")
    assert "B-cos, B = 1.5" in words(at)
    assert [one.label for one in at.expander if "left out" in one.label] == ["1 folder left out"]
    assert "bad-folder is left out." in words(at) and "`accuracy`: expected `float | null`, got `str`" in words(at)


def test_only_damaged_folders(home: Home, open_page: OpenPage) -> None:
    (home.models / "half-copied").mkdir()
    at = open_page("models")
    assert "no trained model" in words(at) and "half-copied is left out." in words(at)


def test_models_names_what_it_leaves_out(
    pair: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.models / "half-copied").mkdir()
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "tiny-bcos" in said and "Left out: half-copied." in said and "it has no config.json" in said


def test_the_families_that_can_be_converted_are_listed(open_page: OpenPage) -> None:
    at = open_page("models")
    assert not at.exception, at.exception
    table = at.dataframe[0].value
    assert {"BERT", "Llama", "ModernBERT"} <= set(table["Family"])
    assert "conv_kernel_size" in table.set_index("Family")["Only with"]["DeBERTa v2 / v3"]
    assert "gemma2" in words(at)


def saved(at: AppTest, **typed: object) -> AppTest:
    """The form with these fields, saved."""
    for field, value in typed.items():
        kind = {"name": at.text_input, "notes": at.text_area, "tags": at.multiselect}[field]
        next(one for one in kind if str(one.key).startswith(f"about-{field}-")).set_value(value)
    return at.button(key="about-save").click().run()


def test_a_name_is_the_name_on_every_page(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    at = saved(open_page("models"), name="  My   model ", notes="It reads well.")
    assert not at.exception and not at.error, (at.exception, at.error)
    assert at.header[0].value == "My model" and "It reads well" in words(at)
    assert sorted(at.dataframe[0].value["name"]) == ["My model", "My model · conventional"]  # made in one second or two
    for page in ("compare", "evaluate"):
        shown = open_page(page)
        offered = [option for one in (*shown.multiselect, *shown.selectbox) for option in one.options]
        assert "My model" in offered and "My model · conventional" in offered, (page, offered)
        assert "tiny-bcos" not in offered


def test_markup_in_a_name_is_shown_as_it_is(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    hostile = "<b>x</b> :red[y] **z** [a](http:b) $q$".replace("/", "|")
    at = saved(open_page("models"), name=hostile, notes="# big\n<img src=x>", tags=["**tag**"])
    assert not at.exception and not at.error, (at.exception, at.error)
    assert hostile in words(at) and "# big" in words(at)
    raw = "\n".join(str(one.value) for one in (*at.markdown, *at.header))
    assert "\\<b\\>" in raw and "**z**" not in raw and "\\# big" in raw


@pytest.mark.parametrize(
    ("name", "said"),
    [("tiny-conventional", "already"), ("a/b", "command line"), ("x\u202ey", "cannot be seen"), ("…", "no letter")],
)
def test_a_name_that_cannot_be_is_refused_and_stays_typed(
    pair: tuple[Path, Path], open_page: OpenPage, name: str, said: str
) -> None:
    at = saved(open_page("models"), name=name, notes="kept")
    (error,) = at.error
    assert said in error.value and not at.exception
    assert name in [one.value for one in at.text_input] and "kept" in [one.value for one in at.text_area]
    assert read_info(pair[0]).name == "tiny-bcos"


def test_two_tabs_lose_nothing(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    first, second = open_page("models"), open_page("models")
    saved(first, name="First", notes="of the first")
    at = saved(second, tags=["second"])  # another field: both are kept
    assert not at.error and read_info(pair[0]).about == About("First", ("second",), "of the first")
    third = open_page("models")
    saved(first.run(), notes="again")
    at = saved(third, notes="typed in the third")
    (error,) = at.error
    assert "changed elsewhere meanwhile, to “again”" in words(at) and error
    assert "typed in the third" in [one.value for one in at.text_area]
    assert not saved(at).error and read_info(pair[0]).about.notes == "typed in the third"


def test_the_table_is_searched(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    write_about(pair[0], About("Glad one", ("baseline",), "for the paper"))
    for search, expected in (
        ("glad", {"Glad one", "Glad one · conventional"}),
        ("BASELINE paper", {"Glad one"}),
        ("conventional", {"Glad one · conventional"}),
        ("short movie", {"Glad one", "Glad one · conventional"}),
        ("negative", {"Glad one", "Glad one · conventional"}),
    ):
        at = open_page("models", find=search)
        assert set(at.dataframe[0].value["name"]) == expected, search
    assert "No model fits" in words(open_page("models", find="nothing like it"))


@pytest.mark.parametrize("kind", LABELS)
def test_each_type_of_task_has_its_own_figure(kind: str, home: Home, open_page: OpenPage) -> None:
    title, metrics, intervals = {
        "single-label": ("Accuracy 77.0 %", {"accuracy": 0.77}, {}),
        "multi-label": ("Micro F1 81.2 %", {"micro_f1": 0.812}, {"micro_f1": (0.7, 0.9)}),
        "regression": ("Mean absolute error 0.530", {"mae": 0.53}, {"mae": (0.5, 0.56)}),
    }[kind]
    save_pair(home, kind=kind, metrics=metrics, intervals=intervals, test_size=100)
    at = open_page("models")
    assert not at.exception, at.exception
    row = at.dataframe[0].value.iloc[0]
    assert row["figure"] == title
    interval = {"single-label": "67.8 % to 84.2 %", "multi-label": "70.0 % to 90.0 %", "regression": "0.500 to 0.560"}
    assert row["95 % interval"] == interval[kind]  # Wilson's by hand: 0.77 of 100


def test_what_was_not_measured_is_said(home: Home, open_page: OpenPage) -> None:
    save_pair(home, kind="regression", metrics={"mae": 0.53}, test_size=100)
    row = open_page("models").dataframe[0].value.iloc[0]
    assert (row["figure"], row["95 % interval"]) == ("Mean absolute error 0.530", "not measured")
    shutil.rmtree(home.models)
    home.create()
    save_pair(home)
    row = open_page("models").dataframe[0].value.iloc[0]
    assert (row["figure"], row["95 % interval"]) == ("not measured", "not measured")


def test_models_of_the_lab_are_folded_away(pair: tuple[Path, Path], home: Home, open_page: OpenPage) -> None:
    task = {**TASK, "kind": "file", "name": str(home.lab / "j1" / "planted-rare-word.jsonl")}
    lab = home.models / "lab-rare-word-j1"
    shutil.copytree(pair[0], lab)
    details = json.loads((lab / "checkpoint.json").read_text())
    changed = {"task": task, "job": "j1", "created_at": "2099-01-01T00:00:00+00:00", "name": lab.name}
    (lab / "checkpoint.json").write_text(json.dumps(details | changed))
    at = open_page("models")
    assert "Show 1 model of the Lab" in [one.label for one in at.toggle]
    assert set(at.dataframe[0].value["folder"]) == {"tiny-bcos", "tiny-conventional"}
    assert at.header[0].value == "tiny\\-bcos"  # not the newest of all
    assert "lab-rare-word-j1" in set(open_page("models", lab="1").dataframe[0].value["folder"])


def test_a_model_is_deleted_and_taken_back(pair: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    write_about(pair[0], About("My model"))
    at = open_page("models")
    button(at, "Delete …").click().run()
    assert "My model · conventional would have no twin" in words(at)
    assert {one.key for one in at.checkbox} >= {"delete-twins"} and not at.button(key="delete-now").disabled
    put_away(uses_of([read_info(path) for path in pair], [], store), store)
    at = open_page("models")
    assert "no trained model" in words(at) and "Trash: 1 deletion" in [one.label for one in at.expander]
    button(at, "Take back").click().run()
    assert read_info(pair[0]).name == "My model" and pair[1].is_dir()
    said = [one.value.replace("\\", "") for one in at.success]
    assert said == ["Taken back from the trash: My model, My model · conventional."]
    assert not at.run().success


def test_a_name_that_is_too_long_is_not_dropped_in_silence(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    at = open_page("models")
    next(one for one in at.text_input if one.label == "Name").set_value("n" * 81)
    button(at, "Save").click().run()
    assert "has 81 characters; it can have 80" in words(at) and read_info(pair[0]).name == "tiny-bcos"
    assert next(one for one in at.text_input if one.label == "Name").value == "n" * 81


def test_a_new_name_is_in_the_titles_of_jobs(pair: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    AUDIT.submit(store, AuditSpec.of(*map(read_info, pair)))
    at = open_page("models")
    next(one for one in at.text_input if one.label == "Name").set_value("Mine")
    button(at, "Save").click().run()
    assert [job.title for job in store.list()] == ["Audit · Mine · Mine · conventional"]


def test_a_model_that_a_study_needs_is_not_deleted(
    pair: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    design = {"conditions": [{"checkpoint": str(pair[0]), "method": "bcos"}]}
    study = Studies(store.database).create("Which is clearer?", design)
    Studies(store.database).lock(study, {"design": design}, "f" * 64)
    at = open_page("models")
    button(at, "Delete …").click().run()
    assert "is locked and needs tiny-bcos. Close it first." in words(at)
    assert at.button(key="delete-now").disabled


def test_two_models_are_held_against_each_other(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    at = open_page("models")
    at.query_params["model"] = ["tiny-bcos", "tiny-conventional"]
    at.run()
    assert not at.exception, at.exception
    assert not any(str(one.key).startswith("about-") for one in at.text_input)
    assert not button(at, "Audit").disabled
    at.query_params["model"] = [""]
    at.run()
    assert button(at, "Compare").disabled and button(at, "Audit").disabled


def test_the_curves_of_two_trainings(home: Home, open_page: OpenPage, store: JobStore) -> None:
    pair = save_pair(home, task=TASK)
    jobs = []
    for folder, loss in zip(pair, ("bcos/loss: binary cross-entropy", "conventional/loss: cross-entropy"), strict=True):
        job, _ = store.begin("train", folder.name, {}, folder.name, ProcessId.current())
        Lease(store, job.id, 1).beat({}, [Point(loss, 1, 0.7), Point(f"{folder.name[5:]}/accuracy", 1, 0.75)])
        details = json.loads((folder / "checkpoint.json").read_text())
        (folder / "checkpoint.json").write_text(json.dumps(details | {"job": job.id}))
        jobs.append(job.id)
    at = open_page("models")
    at.query_params["model"] = ["tiny-bcos", "tiny-conventional"]
    at.run()
    assert not at.exception, at.exception
    assert "How did the two trainings go?" in words(at)
    assert len([one for one in at.get("plotly_chart") if "runs-" in str(one.proto)]) == 3  # two losses, one accuracy


def test_the_patterns_of_heatmaps_are_asked_for_and_shown(
    pair: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    at = open_page("models")
    assert not at.exception, at.exception
    assert "How do their heatmaps differ?" in words(at)
    method = next(one for one in at.selectbox if one.label.replace("\\", "") == "Method for tiny-conventional")
    assert method.value == "pullback"
    button(at, "Look at the heatmaps").click().run()
    (job,) = store.list()
    assert job.kind == "patterns" and job.spec["methods"] == ["bcos", "pullback"]
    assert command_of(job).endswith("--against-method=pullback --limit=200 --seed=0")
    assert main(["patterns", "tiny-bcos", "--limit", "200"]) == 1  # it is waiting already
    at = open_page("models", model="tiny-conventional")  # the same pair
    assert "Look at the heatmaps" not in [one.label for one in at.button]


def test_finished_patterns(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    assert main(["patterns", "tiny-bcos", "--limit", "200"]) == 0
    at = open_page("models")
    assert not at.exception, at.exception
    said = words(at)
    assert "the ranks of a text's words agree by τ" in said and "no tagger is asked" in said
    table = next(one.value for one in at.dataframe if "difference" in one.value)
    assert list(table.columns) == ["", "tiny-bcos", "tiny-conventional", "all alike", "difference", "what it is"]
    assert "Speaks against" in list(table[""])
