"""Minimal pairs on Evaluate: what may be chosen, what is started, and what a finished run shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bcos_core.attribution.api import explain
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.minimal_pairs.folders import read_folder
from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.questions import ask
from bcos_core.minimal_pairs.result import PairsResult
from bcos_core.minimal_pairs.settled import settle
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.model.convert import convert
from bcos_core.model.identity import folder_identity
from bcos_core.model.language_model import load
from bcos_core.render.sheet import Panel
from pages.evaluate.pair_records import AskedPair, _cell
from pages.widgets.left_out import MOST_NAMED
from tests.pages.conftest import OpenPage, button, words
from tests.tiny_language_model import network, save_language_model, tokenizer

ROWS = (
    ("The keys to the old cabinet are", "The keys to the old cabinet is", "keys"),
    ("The cabinet to the old keys is", "The cabinet to the old keys are", "cabinet"),
    ("Mary gave John", "Mary gave Mary", "Mary"),
    ("John gave a drink to Mary", "John gave a drink to John", "John"),
    ("Then Mary went there", "Then Mary went them", "Then"),
    ("The store on the table was", "The store on the table were", "store"),
    ("They went to <b>the store", "They went to <b>the table", "They"),
)


@pytest.fixture
def file(home: Home) -> Path:
    path = home.root / "pairs.jsonl"
    keys = ("sentence_good", "sentence_bad", "evidence")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in ROWS]
    lines.append(json.dumps({"sentence_good": "He is here", "sentence_bad": "He is there", "evidence": "bird"}))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def models(home: Home) -> tuple[Path, Path]:
    """An original and one that was converted from it."""
    plain = save_language_model(home, "tiny")
    folder = home.models / "tiny-bcos"
    convert(network(), b=1.1).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return plain, folder


def ran(
    *folders: Path, file: Path, methods: tuple[str, ...] = ("pullback", "bcos", "occlusion")
) -> tuple[PairsResult, str]:
    return MINIMAL_PAIRS.run_here(PairsSpec(tuple(map(str, folders)), (str(file),), methods))


def opened(open_page: OpenPage, **parameters: Any) -> AppTest:
    at = open_page("evaluate", view="pairs", **parameters)
    assert not at.exception, at.exception
    return at


def drawn(at: AppTest) -> list[list[dict[str, Any]]]:
    """The rows of every text under heat, model by model."""
    return [
        json.loads(one.proto.json)["rows"]
        for one in at.get("bidi_component")
        if one.proto.component_name == "bcos_strips"
    ]


def table(at: AppTest) -> Any:
    return next(frame.value for frame in at.dataframe if "prefix" in frame.value)


def test_without_a_run_the_form_is_open_and_the_embedded_model_is_not_unpacked(home: Home, open_page: OpenPage) -> None:
    at = opened(open_page)
    assert not at.error and not home.embedded.exists()
    assert at.multiselect(key="url-asked").value == ["smollm2"]
    assert at.expander[0].label == "New run" and at.expander[0].proto.expanded
    assert "unpacked first" in words(at) and "Ask a model above" in words(at)
    assert not button(at, "Ask the models").disabled


def test_what_is_chosen_becomes_a_job(
    models: tuple[Path, Path], file: Path, open_page: OpenPage, store: JobStore
) -> None:
    chosen = {"asked": ["tiny", "tiny-bcos"], "paradigm": "", "path": str(file), "pairs-limit": "5"}
    chosen |= {"method": ["bcos", "pullback", "shapley"], "shapley.samples": "7", "pairs-seed": "3"}
    chosen |= {"pairs-score": ["strike", "mrr"], "pairs-unit": "word"}
    at = opened(open_page, **chosen)
    said = words(at)
    assert "pairs.jsonl: 7 pairs." in said and "1 row left out" in [one.label for one in at.expander]
    assert "passes over the models. About" in said
    button(at, "Ask the models").click().run()
    assert not at.exception, at.exception
    (job,) = store.list()
    assert job.spec["checkpoints"] == [str(folder) for folder in models] and job.spec["sources"] == [str(file)]
    assert (job.spec["limit"], job.spec["seed"], job.spec["options"]) == (5, 3, {"shapley": {"samples": 7}})
    assert set(job.spec["methods"]) == {"bcos", "pullback", "shapley"}
    assert (job.spec["measures"], job.spec["unit"]) == (["mrr", "strike"], "word")
    assert "evaluate" in command_of(job) and at.query_params["minimal-pairs"] == job.id
    assert "Waiting" in words(at) and button(at, "Cancel")


def test_the_usual_methods_are_those_of_the_chosen_models(models: tuple[Path, Path], open_page: OpenPage) -> None:
    at = opened(open_page, asked="tiny")
    checked = {box.label.replace("\\", "") for box in at.checkbox if box.value}
    assert checked == {"Frozen-linear pullback", "Gradient × input", "Saliency", "Occlusion"}
    assert "B-cos contributions" not in [box.label.replace("\\", "") for box in at.checkbox]
    at = opened(open_page, asked="tiny-bcos")
    assert "B-cos contributions" in {box.label.replace("\\", "") for box in at.checkbox if box.value}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text,label\na,b\n", "Expected minimal pairs as BLiMP has them"),
        ("sentence_good,sentence_bad\nA film is here,A film is here\n", "no row with a minimal pair that can be used"),
        ("", "empty"),
    ],
)
def test_a_bad_file_is_said_and_starts_nothing(
    models: tuple[Path, Path], home: Home, content: str, said: str, open_page: OpenPage
) -> None:
    path = home.root / "bad.csv"
    path.write_text(content)
    at = opened(open_page, asked="tiny", paradigm="", path=str(path))
    assert said in words(at)
    assert button(at, "Ask the models").disabled


def test_files_are_read_where_they_may_be_read_alone(
    models: tuple[Path, Path], file: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    (tmp_path / "elsewhere.csv").write_text("sentence_good,sentence_bad\nA b,A c\n")
    at = opened(open_page, asked="tiny", paradigm="", path=str(tmp_path / "elsewhere.csv"))
    assert "outside the folders" in words(at)
    folder = file.parent / "several"
    folder.mkdir()
    for name in ("one.jsonl", "two.jsonl"):
        (folder / name).write_text(file.read_text())
    at = opened(open_page, asked="tiny", paradigm="", path=str(folder))
    assert "one.jsonl: 7 pairs." in words(at) and "two.jsonl: 7 pairs." in words(at)
    assert not button(at, "Ask the models").disabled
    at = opened(open_page, asked="tiny", paradigm="", path=str(file.parent / "nowhere"))
    assert "no folder with files of minimal pairs" in words(at)


def test_a_number_that_does_not_fit_starts_nothing(models: tuple[Path, Path], open_page: OpenPage) -> None:
    at = opened(open_page, asked="tiny", **{"pairs-limit": "0"})
    assert button(at, "Ask the models").disabled and "Pairs: expected a whole number from 1" in words(at)


def test_a_result_says_what_was_found(models: tuple[Path, Path], file: Path, open_page: OpenPage) -> None:
    result, job = ran(*models, file=file)
    at = opened(open_page, **{"minimal-pairs": job})
    said = words(at)
    share = result.preferences()[0]
    assert f"{100 * share['mean']:.1f} %" in said and "prefers the right word" in said
    assert "Frozen-linear pullback" in said and "a random ranking is expected to reach" in said
    # Every score that the result lists is offered by its title.
    shown = next(one for one in at.segmented_control if one.key == "url-measure")
    measured = [name for name in MEASURES if any(one.values.get(name) for one in result.contenders)]
    assert list(shown.options) == [MEASURES[name].title for name in measured]
    scores = next(frame.value for frame in at.dataframe if "passes" in frame.value)
    assert "Random (expected)" in list(scores["method"])
    assert set(scores["model"]) == {"tiny", "tiny-bcos"}
    against = next(box for box in at.selectbox if box.label == "How far are the others from")
    assert against.value == "pullback@tiny"
    differences = next(frame.value for frame in at.dataframe if "difference" in frame.value)
    gap = next(
        row for row in result.differences("pullback@tiny") if row["measure"] == "mrr" and row["method"] == "bcos"
    )
    row = differences[differences["method"] == "B-cos contributions"].iloc[0]
    assert row["difference"] == pytest.approx(gap["mean"])
    assert "pairs.jsonl" in said or "The evidence 'bird'" in said  # the row that could not be used


def test_every_score_can_be_looked_at(models: tuple[Path, Path], file: Path, open_page: OpenPage) -> None:
    result, job = ran(models[0], file=file, methods=("pullback",))
    for name in (name for name in MEASURES if result.contenders[-1].values.get(name)):
        at = opened(open_page, measure=name, **{"minimal-pairs": job})
        assert MEASURES[name].description[:40] in words(at)
        assert ("point by point" in words(at)) is (MEASURES[name].curve is not None)


def test_the_pairs_are_filtered_sorted_and_searched(models: tuple[Path, Path], file: Path, open_page: OpenPage) -> None:
    result, job = ran(*models, file=file)
    own = result.speakers[0].differences
    ranks = result.contender("pullback@tiny").values["mrr"]
    name = {pair: result.pairs[pair].prefix for pair in result.pairs}
    at = opened(open_page, **{"minimal-pairs": job})
    assert list(table(at)["prefix"]) == list(name.values()) and len(name) == 7
    assert list(table(at)["by 0"]) == pytest.approx([own[pair] for pair in name])
    assert list(table(at)["score 0"]) == pytest.approx([ranks[pair] for pair in name])
    kept = {
        "right": [pair for pair in name if own[pair] > 0],
        "wrong": [pair for pair in name if own[pair] < 0],
        "missed": [pair for pair in name if ranks[pair] < 1],
        "disagree": [p for p in name if (own[p] > 0) != (result.speakers[1].differences[p] > 0)],
    }
    assert kept["right"] and kept["wrong"] and kept["missed"]
    for kind, pairs in kept.items():
        at = opened(open_page, filter=kind, **{"minimal-pairs": job})
        if pairs:
            assert list(table(at)["prefix"]) == [name[pair] for pair in pairs]
        else:
            assert "No pair fits these filters" in words(at)
    at = opened(open_page, order="wrong", **{"minimal-pairs": job})
    assert list(table(at)["by 0"]) == sorted(own[pair] for pair in name)
    at = opened(open_page, order="missed", **{"minimal-pairs": job})
    assert list(table(at)["score 0"]) == sorted(ranks[pair] for pair in name)
    at = opened(open_page, search="CABINET", **{"minimal-pairs": job})
    assert len(table(at)) == 2
    at = opened(open_page, pair="nobody", **{"minimal-pairs": job})
    assert "The link names nobody" in words(at) and list(table(at)["shown"]) == ["▸"] + [""] * 6


def test_a_pair_stands_under_the_heat_of_every_method_with_the_evidence_in_a_box(
    models: tuple[Path, Path], file: Path, open_page: OpenPage
) -> None:
    result, job = ran(*models, file=file)
    pair = next(name for name, one in result.pairs.items() if "<b>" in one.prefix)
    at = opened(open_page, pair=pair, **{"minimal-pairs": job})
    first, second = drawn(at)
    assert {row["method"] for row in first} == {"Frozen-linear pullback", "Occlusion"}
    assert {row["method"] for row in second} == {"B-cos contributions", "Occlusion"}
    for rows in (first, second):
        for row in rows:
            assert "".join(run["text"] for run in row["runs"]) == "They went to <b>the"
            assert "".join(run["text"] for run in row["runs"] if run.get("marked")) == "They"
    # The numbers are those of a record that is made by itself.
    model, one = load(models[0]), result.pairs[pair]
    record = explain(model, one.prefix, target=one.good, minus=one.bad)
    assert record.logit == pytest.approx(result.speakers[0].differences[pair], abs=1e-4)
    own = next(row for row in first if row["method"] == "Frozen-linear pullback")
    tips = {run["text"]: run["tip"] for run in own["runs"] if "tip" in run}
    went = next(
        i for i, token in enumerate(record.tokens) if record.text[slice(token.start, token.end)].strip() == "went"
    )
    assert float(tips["went"].replace("\N{MINUS SIGN}", "-")) == pytest.approx(record.scores[went], rel=1e-2)
    places = sum(run.get("tip") is not None for run in own["runs"])
    rank = result.contender("pullback@tiny").values["mrr"][pair]
    assert own["found"] == f"place {round(1 / rank)} of {places}"


def test_a_pair_leads_to_generate_with_its_prompt_and_foil(
    models: tuple[Path, Path], file: Path, open_page: OpenPage
) -> None:
    result, job = ran(models[0], file=file)
    pair = next(iter(result.pairs))
    at = opened(open_page, pair=pair, **{"minimal-pairs": job})
    button(at, "Open in Generate").click().run()
    assert not at.exception, at.exception
    one, difference = result.pairs[pair], result.speakers[0].differences[pair]
    assert at.query_params["model"] == "tiny" and at.query_params["prompt"] == one.prefix
    foil = tokenizer().decode([int(at.query_params["foil"])])
    assert (one.bad if difference > 0 else one.good).startswith(foil)
    assert not at.error


def test_of_a_model_that_has_changed_no_heatmap_is_shown(
    models: tuple[Path, Path], file: Path, home: Home, open_page: OpenPage
) -> None:
    _, job = ran(models[0], file=file)
    network(seed=1).save_pretrained(models[0])
    at = opened(open_page, **{"minimal-pairs": job})
    assert "have changed since" in words(at) and not drawn(at)
    assert len(table(at)) == 7  # what was measured stays


def test_pairs_without_evidence_say_which_word_is_preferred_alone(
    models: tuple[Path, Path], home: Home, open_page: OpenPage
) -> None:
    path = home.root / "unmarked.csv"
    path.write_text("sentence_good,sentence_bad\n" + "".join(f"{good},{bad}\n" for good, bad, _ in ROWS))
    _, job = ran(models[0], file=path, methods=("pullback",))
    at = opened(open_page, **{"minimal-pairs": job})
    assert "None of these pairs says which word decides" in words(at)
    scores = next(one for one in at.segmented_control if one.key == "url-measure")
    assert list(scores.options) == [MEASURES[name].title for name in MEASURES if MEASURES[name].asks]
    assert len(table(at)) == 7
    (rows,) = drawn(at)
    assert not any(run.get("marked") for run in rows[0]["runs"]) and rows[0]["found"] == ""
    filters = next(one for one in at.segmented_control if one.key == "url-filter")
    assert list(filters.options) == ["All", "Right", "Wrong"]


def test_of_pairs_without_evidence_the_scores_are_those_that_they_have(
    models: tuple[Path, Path], file: Path, home: Home, open_page: OpenPage
) -> None:
    """Beside a file that has evidence, and with more rows that cannot be used than a page can name."""
    path = home.root / "unmarked.csv"
    lines = [f"{good},{bad}" for good, bad, _ in ROWS[:3]] + ["the same,the same"] * (MOST_NAMED + 7)
    path.write_text("\n".join(["sentence_good,sentence_bad", *lines]))
    spec = PairsSpec((str(models[0]),), (str(file), str(path)), ("pullback",), measures=("mrr", "top_1", "strike"))
    result, job = MINIMAL_PAIRS.run_here(spec)
    at = opened(open_page, of="unmarked.csv", **{"minimal-pairs": job})
    scores = next(one for one in at.segmented_control if one.key == "url-measure")
    assert list(scores.options) == [MEASURES["strike"].title]
    assert "None of these pairs says which word decides" in words(at)
    assert list(table(at)["score 0"]) == pytest.approx(
        [result.contender("pullback@tiny").values["strike"][pair] for pair in result.sources[1].pairs]
    )
    at = opened(open_page, measure="top_1", **{"minimal-pairs": job})
    first = result.contender("pullback@tiny").values["top_1"]
    assert "None of these pairs" not in words(at) and len(table(at)) == len(result.pairs) > len(first)
    percents = list(table(at)["score 0"].dropna())
    assert percents == pytest.approx([100 * value for value in first.values()]) and 100 in percents
    lost = next(one for one in at.expander if one.label.startswith("Left out"))
    assert len(lost.markdown) == MOST_NAMED and lost.caption[0].value == "And 8 more."
    (rows,) = [one for one in opened(open_page, path=str(path), paradigm="").expander if "rows left out" in one.label]
    assert len(rows.caption) == MOST_NAMED + 1 and rows.caption[-1].value == "And 7 more."


def test_of_a_model_elsewhere_its_namesake_here_answers_nothing(
    models: tuple[Path, Path], file: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    elsewhere = tmp_path / "elsewhere" / "tiny"
    network(seed=3).save_pretrained(elsewhere)
    tokenizer().save_pretrained(elsewhere)
    result, job = ran(elsewhere, file=file, methods=("pullback",))
    at = opened(open_page, **{"minimal-pairs": job})
    assert drawn(at) and button(at, "Open in Generate").disabled
    (question,), _ = ask(list(result.pairs.values())[:1], tokenizer())
    cells = {}
    for folder in (elsewhere, models[0]):
        asked = read_folder(str(folder))
        identity = folder_identity(folder)
        spec = PairsSpec((str(folder),), (str(file),), ("pullback",))
        method = settle("pullback", spec, asked, identity, tokenizer())
        cells[folder] = _cell(AskedPair("tiny", asked, identity, question, (method,)), "Frozen-linear pullback")
    assert "lies elsewhere" in str(cells[elsewhere])
    own = cells[models[0]]
    assert isinstance(own, Panel)
    assert own.record.logit == pytest.approx(
        explain(load(models[0]), question.prompt, target=question.good, minus=question.bad).logit, abs=1e-4
    )


def test_a_prompt_that_is_too_long_says_where_the_model_began_to_read(
    models: tuple[Path, Path], home: Home, open_page: OpenPage
) -> None:
    path = home.root / "long.jsonl"
    long = "Mary " + "the " * 80 + "store"
    row = {"sentence_good": f"{long} there", "sentence_bad": f"{long} them", "evidence": "Mary"}
    path.write_text(json.dumps(row))
    _, job = ran(models[0], file=path, methods=("pullback",))
    said = words(opened(open_page, **{"minimal-pairs": job}))
    assert "Read from “the the the the …” on: this model reads the last 64 tokens of a prompt alone." in said
    assert "did not read the evidence of 1 pair" in said


def test_a_run_that_is_gone_is_said(models: tuple[Path, Path], file: Path, home: Home, open_page: OpenPage) -> None:
    import shutil

    _, job = ran(models[0], file=file, methods=("pullback",))
    shutil.rmtree(home.minimal_pairs / job)
    at = opened(open_page, **{"minimal-pairs": job})
    assert "files of this run are no longer there" in words(at)
    at = opened(open_page, **{"minimal-pairs": "nobody"})
    assert "The link names nobody" in words(at)


def test_a_link_to_a_run_opens_this_view(models: tuple[Path, Path], file: Path, open_page: OpenPage) -> None:
    _, job = ran(models[0], file=file, methods=("pullback",))
    at = open_page("evaluate", **{"minimal-pairs": job})
    assert not at.exception and "prefers the right word" in words(at)
    assert next(one for one in at.segmented_control if one.key == "url-view").value == "pairs"
