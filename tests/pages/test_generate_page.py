"""The Generate page by Streamlit's own test runner: what is written, what is asked about it, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bcos_core.attribution.api import explain
from bcos_core.attribution.components import components
from bcos_core.attribution.rerun import rerun
from bcos_core.home import CHECKOUT, Home
from bcos_core.model.convert import convert
from bcos_core.model.generate import Written, generate
from bcos_core.model.language_model import LanguageModel, load
from bcos_core.render.components import summary
from bcos_core.render.sheet import Sheet
from bcos_core.text.token_names import has_width, with_signs
from tests.pages.conftest import button, words
from tests.tiny_language_model import LIMIT, network, save_language_model, tokenizer

PROMPT = "The keys to the old cabinet"


@pytest.fixture
def model(home: Home) -> LanguageModel:
    return load(save_language_model(home))


def opened(**parameters: str | list[str]) -> AppTest:
    """The page at an address, with what the tiny model wrote on it."""
    page = AppTest.from_file(str(CHECKOUT / "pages" / "generate" / "page.py"), default_timeout=60)
    for name, value in ({"model": "tiny", "prompt": PROMPT, "written": "1", "most": "6"} | parameters).items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def drawn(page: AppTest, name: str) -> dict[str, Any]:
    """What a component was given at last."""
    found = [one.proto.json for one in page.get("bidi_component") if one.proto.component_name == name]
    assert found, words(page)
    return dict(json.loads(found[-1]))


def has(page: AppTest, name: str) -> bool:
    return any(one.proto.component_name == name for one in page.get("bidi_component"))


def units(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return [unit for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]


def steps(model: LanguageModel, count: int = 6, **settings: Any) -> list[Written]:
    return list(generate(model, PROMPT, max_tokens=count, **settings))


def seen(step: Written) -> str:
    """What stands for a token: its text, a sign where that has no width, its bytes where it is no whole character."""
    return (step.text if has_width(step.text) else with_signs(step.text)) or step.alternatives.texts[0]


def test_before_anybody_asks_no_model_is_loaded(home: Home) -> None:
    page = AppTest.from_file(str(CHECKOUT / "pages" / "generate" / "page.py"), default_timeout=60).run()
    assert not page.exception and not page.error
    assert "Press Generate" in page.info[0].value
    assert page.selectbox[0].value == "smollm2" and not home.embedded.exists()
    assert page.text_area[0].value == PROMPT


def test_what_is_written_is_what_the_library_writes(model: LanguageModel) -> None:
    page = opened()
    written = drawn(page, "bcos_written")
    wanted = steps(model)
    assert written["prompt"] == PROMPT and not written["busy"]
    assert [token["text"] for token in written["tokens"]] == list(map(seen, wanted))
    assert written["tokens"][0]["label"].startswith(wanted[0].alternatives.texts[0])
    assert written["end"] == "It was asked for no more tokens."
    assert not has(page, "bcos_heatmap") and "Click a token" in page.info[0].value


def test_the_button_begins_and_the_seed_draws(model: LanguageModel) -> None:
    page = opened(written="0", temperature="1.5", seed="3")
    assert not has(page, "bcos_written")
    button(page, "Generate").click().run()
    found = [token["text"] for token in drawn(page, "bcos_written")["tokens"]]
    assert found == list(map(seen, steps(model, temperature=1.5, seed=3)))
    assert found != list(map(seen, steps(model)))
    assert page.query_params["written"] == "1"


def test_the_heatmap_of_a_token_is_its_record_and_adds_up(model: LanguageModel) -> None:
    step = steps(model)[3]
    page = opened(at="3")
    record = explain(model, step.prefix, target=step.token)
    panel = drawn(page, "bcos_heatmap")
    found = {(unit["start"], unit["end"]): unit["score"] for unit in units(panel)}
    for token, score in zip(record.tokens, record.scores, strict=True):
        if not token.added and record.text[token.start : token.end].isalpha():
            assert found[token.start, token.end] == pytest.approx(score, abs=1e-6)
    meter, shares = panel["blocks"]
    total = next(bar["value"] for bar in meter["bars"] if bar["label"] == "logit")
    assert total == pytest.approx(step.logit, abs=1e-4)
    parts = {bar["label"]: bar["value"] for bar in shares["bars"]}
    assert set(parts) == {"prompt", "written before", "special tokens"}
    assert sum(parts.values()) == pytest.approx(step.logit, abs=1e-4)
    assert parts["special tokens"] == pytest.approx(record.scores[0], abs=1e-6)  # <s>
    assert [token["chosen"] for token in drawn(page, "bcos_written")["tokens"]].index(True) == 3
    assert "exact as it stands" in words(page)
    assert not any("converted" in note for note in panel["notes"])  # it is said once


def test_a_template_has_its_own_share(model: LanguageModel) -> None:
    page = opened(**{"as": "chat", "at": "1"})
    (_, shares) = drawn(page, "bcos_heatmap")["blocks"]
    parts = {bar["label"]: bar["value"] for bar in shares["bars"]}
    assert set(parts) == {"prompt", "written before", "template", "special tokens"}
    assert drawn(page, "bcos_written")["between"] == "\n\n"


def test_a_foil_from_the_list_explains_the_difference(model: LanguageModel) -> None:
    step = steps(model)[2]
    other = step.alternatives.ids[2]
    page = opened(at="2", foil=str(other))
    rows = drawn(page, "bcos_alternatives")["rows"]
    assert [row["number"] for row in rows] == list(step.alternatives.ids)
    assert [row["part"] for row in rows].count("rather than") == 1 and rows[2]["foil"] and rows[0]["written"]
    panel = drawn(page, "bcos_heatmap")
    assert "rather than" in panel["method"]
    (total,) = (bar["value"] for bar in panel["blocks"][0]["bars"] if bar["label"] != "contributions")
    assert total == pytest.approx(step.logit - step.alternatives.logits[2], abs=1e-4)


def test_a_typed_foil_of_several_tokens_says_which_is_compared(model: LanguageModel) -> None:
    page = opened(at="0")
    page.text_input[0].set_value("zebra").run()
    assert page.query_params["word"] == "zebra"
    panel = drawn(page, "bcos_heatmap")
    assert any("tokens" in note and "is compared" in note for note in panel["notes"])
    assert "rather than" in panel["method"]


def test_the_word_itself_is_no_foil(model: LanguageModel) -> None:
    step = steps(model)[0]
    page = opened(at="0", foil=str(step.token))
    assert "minus itself is 0" in page.error[0].value
    assert not has(page, "bcos_heatmap") and has(page, "bcos_alternatives")


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"foil": " "}, "not the number of a token"),
        ({"foil": "Mary"}, "not the number of a token"),
        ({"foil": "-1"}, "not the number of a token"),
        ({"word": " "}, "nothing in it but white space"),
        ({"word": "\n\t"}, "nothing in it but white space"),
    ],
    ids=str,
)
def test_a_foil_that_is_none_is_said_and_the_logit_explained(
    link: dict[str, str], said: str, model: LanguageModel
) -> None:
    page = opened(at="1", **link)
    assert [said in one.value for one in page.warning] == [True]
    assert "rather than" not in drawn(page, "bcos_heatmap")["method"]


def test_a_struck_word_has_a_predicted_and_a_real_change(model: LanguageModel) -> None:
    page = opened(at="0", strike="4-8")
    panel = drawn(page, "bcos_heatmap")
    record = explain(model, PROMPT)
    predicted = -sum(
        score
        for token, score in zip(record.tokens, record.scores, strict=True)
        if token.start is not None and 3 <= token.start < 8
    )
    (strike,) = (block for block in panel["blocks"] if block["kind"] == "strike")
    assert strike["bars"][0]["value"] == pytest.approx(predicted, abs=1e-5)
    assert [bar["label"] for bar in strike["bars"]] == ["predicted", "real"]
    assert all(unit["struck"] == (3 <= unit["start"] < 8) for unit in units(panel))
    assert "Struck out: “keys”" in words(page)
    button(page, "Restore").click().run()
    assert "strike" not in page.query_params


def test_a_stopped_text_ends_there_and_goes_on(model: LanguageModel) -> None:
    page = opened(stopped="2")
    assert len(drawn(page, "bcos_written")["tokens"]) == 2
    assert drawn(page, "bcos_written")["end"] == "Stopped."
    button(page, "Go on").click().run()
    assert len(drawn(page, "bcos_written")["tokens"]) == 6
    assert "stopped" not in page.query_params


def test_another_setting_forgets_what_was_chosen(model: LanguageModel) -> None:
    page = opened(at="2", strike="4-8", foil="9")
    page.number_input[0].set_value(1.0).run()
    assert page.query_params["temperature"] == "1"
    assert not {"at", "strike", "foil"} & set(page.query_params)


def test_a_long_prompt_is_kept_and_its_cut_is_said(model: LanguageModel) -> None:
    page = opened()
    page.text_area[0].set_value("keys and " * 400).run()
    assert "prompt-kept" in page.query_params and "prompt" not in page.query_params
    said = words(page)
    assert f"more tokens than the {LIMIT}" in said and "front is cut off" in said
    written = drawn(page, "bcos_written")
    assert written["prompt"].startswith("… ") and len(written["prompt"]) < 400
    assert len(written["tokens"]) == 1 and "context is full" in written["end"]


@pytest.mark.parametrize("prompt", ["", " \n "])
def test_an_empty_prompt_asks_for_one(model: LanguageModel, prompt: str) -> None:
    page = opened(prompt=prompt)
    assert "The prompt is empty" in page.info[0].value and not has(page, "bcos_written")


def test_a_tokenizer_without_a_template_reads_texts_alone(home: Home) -> None:
    folder = save_language_model(home)
    (folder / "chat_template.jinja").unlink()
    page = opened(**{"as": "chat"})
    assert "has no chat template" in page.error[0].value
    assert str(home.root) not in page.error[0].value.replace("\\", "")  # a folder's name says which, and no more
    assert not has(page, "bcos_written")


def test_a_stop_token_first_can_be_asked_about(home: Home) -> None:
    folder = save_language_model(home)
    first = steps(load(folder))[0].token
    config = folder / "generation_config.json"
    config.write_text(json.dumps({"eos_token_id": first}))
    page = opened(at="0")
    written = drawn(page, "bcos_written")
    assert len(written["tokens"]) == 1 and "ended here" in written["end"]
    assert has(page, "bcos_heatmap")


def test_markup_in_a_prompt_stays_text(model: LanguageModel) -> None:
    hostile = "<script>alert(1)</script> **keys** :red[a]"
    page = opened(prompt=hostile, at="0", strike="0-7")
    assert drawn(page, "bcos_written")["prompt"] == hostile
    assert not any(block.allow_html for block in page.markdown)
    assert "".join(str(one.value) for one in page.markdown).count("<script>") == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"model": "gone"},
        {"temperature": "nan"},
        {"seed": "-1", "temperature": "1"},
        {"most": "9999999999"},
        {"at": "99"},
        {"at": "1", "foil": "99999999"},
        {"at": "1", "foil": "٣" * 5000},
        {"at": "1", "word": "   "},
        {"at": "0", "strike": "0-99999,x"},
        {"stopped": "many"},
        {"prompt-kept": "../../etc/passwd"},
        {"as": "song"},
    ],
    ids=str,
)
def test_a_bad_link_is_no_stack_trace(model: LanguageModel, bad: dict[str, str]) -> None:
    page = opened(**bad)
    assert not any("Something went wrong" in error.value for error in page.error)


def test_in_the_place_of_a_model_that_is_gone_none_writes_before_it_is_asked(model: LanguageModel) -> None:
    page = opened(model="gone")
    assert any("names gone" in one.value for one in page.warning)
    assert not has(page, "bcos_written") and any("Press Generate" in one.value for one in page.info)
    assert page.selectbox[0].value == "smollm2"
    page.selectbox[0].select("tiny").run()  # who chooses one is asked no more
    assert drawn(page, "bcos_written")["prompt"] == PROMPT


def test_what_is_on_the_screen_writes_when_the_button_is_pressed(model: LanguageModel) -> None:
    page = opened(model="", written="0")
    page.selectbox[0].select("tiny").run()
    assert not has(page, "bcos_written")
    button(page, "Generate").click().run()
    assert page.query_params["model"] == "tiny" and has(page, "bcos_written")


def test_a_converted_model_says_so(home: Home) -> None:
    folder = home.create().models / "tiny-bcos"
    convert(network(), b=1.1).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    page = opened(model="tiny-bcos", at="1")
    assert "B-cos model (B = 1.1)" in words(page)
    panel = drawn(page, "bcos_heatmap")
    assert "B-cos contributions" in panel["model"]
    assert page.selectbox[0].options[1:] == ["tiny-bcos (Llama, B-cos, B = 1.1)"]


def test_folders_that_are_no_language_model_are_not_offered(home: Home, tmp_path: Path) -> None:
    save_language_model(home)
    broken = home.models / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    adapter = home.models / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    page = opened()
    assert [option.split(" ")[0] for option in page.selectbox[0].options] == ["smollm2", "tiny"]
    assert "2 folders left out" in [one.label for one in page.expander]


def panels(page: AppTest) -> dict[tuple[str, str], dict[str, Any]]:
    found = [json.loads(one.proto.json) for one in page.get("bidi_component") if "heatmap" in one.proto.component_name]
    return {(panel["method"], panel["model"]): panel for panel in found}


def test_other_methods_stand_below_each_with_its_cost(model: LanguageModel) -> None:
    page = opened(at="1", method=["occlusion", "input_x_gradient"])
    shown = panels(page)
    assert [method for method, _ in list(shown)[1:]] == ["Gradient × input", "Occlusion"]  # the cheaper one first
    step = steps(model)[1]
    for name, title in (("occlusion", "Occlusion"), ("input_x_gradient", "Gradient × input")):
        record = explain(model, step.prefix, target=step.token, method=name)
        panel = shown[title, "tiny"]
        assert sum(unit["score"] for unit in units(panel)) + record.added_share == pytest.approx(
            sum(record.scores), abs=1e-4
        )
        assert "forward" in panel["cost"]


def test_another_model_is_asked_about_the_same_tokens(model: LanguageModel, home: Home) -> None:
    folder = home.models / "tiny-bcos"
    convert(network(), b=1.5).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    page = opened(at="2", beside="tiny-bcos")
    first, second = panels(page).values()
    step = steps(model)[2]
    record = explain(load(folder), step.prefix, target=step.token)
    assert first["method"] == second["method"] and "tiny-bcos" in second["model"]
    bars = {bar["label"]: bar["value"] for bar in second["blocks"][0]["bars"]}
    assert bars["logit"] == pytest.approx(record.logit, abs=1e-4) != pytest.approx(step.logit, abs=1e-2)
    assert any(note.startswith("It gives “") for note in second["notes"])
    assert not any("It gives" in note for note in first["notes"])


def test_a_model_that_reads_fewer_tokens_says_so_and_the_other_stays(model: LanguageModel, home: Home) -> None:
    save_language_model(home, "short", max_position_embeddings=4)
    page = opened(at="2", beside="short")
    assert len(panels(page)) == 1
    assert "Choose one with the same tokenizer" in page.error[0].value


def test_what_is_taken_away_is_run_again(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Sheet] = []
    monkeypatch.setattr("pages.generate.taking.take_away", lambda sheets, name, key: taken.extend(sheets))
    page = opened(at="1", method="occlusion", strike="4-8", foil=str(steps(model)[1].alternatives.ids[1]))
    page.session_state["export"] = True
    page.run()
    (sheet,) = taken
    assert not page.exception and "bcos_core rerun" in words(page)
    assert [row.method for row in sheet.rows] == ["Frozen-linear pullback", "Occlusion"] and sheet.struck == ((4, 8),)
    for _, _, panel in sheet.panels():
        assert panel.change is not None and rerun(panel.record, model).matches


def test_the_whole_answer_is_a_matrix_and_a_sum(model: LanguageModel) -> None:
    page = opened(whole="1")
    assert not page.error
    (figure,) = (json.loads(one.proto.spec) for one in page.get("plotly_chart"))
    (heat,) = figure["data"]
    wanted = steps(model)
    assert len(heat["y"] if isinstance(heat["y"], list) else range(6)) == 6
    panel = drawn(page, "bcos_heatmap")
    bars = {bar["label"]: bar["value"] for bar in panel["blocks"][0]["bars"]}
    total = sum(step.logit for step in wanted)
    assert bars == {"contributions": pytest.approx(total, abs=1e-3), "sum of logits": pytest.approx(total, abs=1e-3)}
    scores = [unit["score"] for unit in units(panel)]
    assert any(scores) and panel["method"].startswith("Where “")
    assert panel["legend"]["ends"][1] == f"supports {panel['method'][6:].removesuffix(' comes from')}"


def test_a_part_of_the_answer_by_its_log_odds(model: LanguageModel) -> None:
    page = opened(whole="1", measure="log-odds", part="2-3")
    panel = drawn(page, "bcos_heatmap")
    total = sum(math.log(step.probability / (1 - step.probability)) for step in steps(model)[1:3])
    bars = {bar["label"]: bar["value"] for bar in panel["blocks"][0]["bars"]}
    assert bars["sum of log-odds"] == pytest.approx(total, abs=1e-3)
    assert bars["contributions"] == pytest.approx(total, abs=1e-3)
    assert "entropy" in panel["blocks"][0]["note"]


@pytest.mark.parametrize("part", ["9-12", "3-2", "x", "0-1", "-"])
def test_a_part_that_is_not_there_is_the_whole(model: LanguageModel, part: str) -> None:
    page = opened(whole="1", part=part, most="3")
    assert not page.error and page.slider[0].value == (1, 3)


def test_a_tokenizer_without_a_token_for_removed_words_still_explains(home: Home) -> None:
    folder = save_language_model(home)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            said = json.loads((folder / name).read_text())
            said.pop("pad_token", None)
            (folder / name).write_text(json.dumps(said))
    page = opened(at="1", strike="4-8", method="occlusion")
    (panel,) = panels(page).values()  # nothing that removes words is offered
    assert not any(block["kind"] == "strike" for block in panel["blocks"])
    (warning,) = page.warning
    assert "no mask token and no padding token" in warning.value and not page.error


def test_layers_and_heads_are_made_when_they_are_unfolded(model: LanguageModel) -> None:
    page = opened(at="2")
    assert "Strongest paths" not in words(page)
    page.session_state["layers-why"] = True
    page.run()
    assert not page.exception
    record = explain(model, steps(model)[2].prefix, target=steps(model)[2].token)
    found = components(model, record)
    assert summary(found) in words(page)
    paths = next(frame.value for frame in page.dataframe if "path" in frame.value.columns)
    assert list(paths["share"]) == pytest.approx([path.share for path in found.strongest()])


def test_what_was_just_typed_is_what_the_button_goes_on_from(model: LanguageModel) -> None:
    page = opened()
    page.text_area[0].set_value("John gave a drink to")  # the click comes before the page is drawn anew
    button(page, "Generate").click().run()
    assert page.text_area[0].value == "John gave a drink to" == drawn(page, "bcos_written")["prompt"]


def test_what_a_link_names_and_is_gone_is_said(model: LanguageModel) -> None:
    page = opened(at="1", beside="gone", method=["retired", "occlusion"])
    said = [one.value for one in page.warning]
    assert any("names gone" in one for one in said) and any("names retired" in one for one in said)
    assert [method for method, _ in panels(page)][1:] == ["Occlusion"]


def test_a_long_foil_is_cut_where_it_is_named(model: LanguageModel) -> None:
    page = opened(at="1", word="zebra" * 400)
    (note,) = (note for note in drawn(page, "bcos_heatmap")["notes"] if "is compared" in note)
    assert "tokens" in note and len(note) < 250
    step = steps(model)[1]
    page = opened(at="1", word=(step.text or "a") + "zebra" * 400)
    assert not page.error or len(page.error[0].value) < 400


def test_a_prompt_is_on_the_screen_before_its_first_token(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("pages.generate.stream._component", lambda **given: sent.append(given["data"]))
    opened(prompt="Mary gave them to John.")
    assert sent[0]["busy"] and sent[0]["tokens"] == [] and sent[0]["prompt"] == "Mary gave them to John."
    assert not sent[-1]["busy"] and len(sent[-1]["tokens"]) == 6
