"""The Compare page by Streamlit's own test runner: what it shows for a text, and for no text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from streamlit.testing.v1 import AppTest
from tiny_pair import MAX_LENGTH, save_pair
from transformers import AutoTokenizer

import bcos_core
from bcos_core.attribution.aggregation import sentence_scores, word_scores
from bcos_core.attribution.record import Target
from bcos_core.attribution.registry import METHODS
from bcos_core.home import CHECKOUT, Home
from bcos_core.model.classifier import predict
from bcos_core.model.info import list_checkpoints
from bcos_core.model.sources import embedded_path
from bcos_core.numbers import number
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import TaskChoice, load_task
from pages.widgets.answers import ask_more

TEXT = "A good and honest film."
Panels = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home)


def compare(**parameters: str | list[str]) -> AppTest:
    """The page opened at an address."""
    page = AppTest.from_file(str(CHECKOUT / "pages" / "compare" / "page.py"), default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def panels(page: AppTest) -> Panels:
    """What each panel was given to draw, by method title and model name."""
    drawn = {}
    for component in page.get("bidi_component"):
        if component.proto.component_name == "bcos_heatmap":
            data = json.loads(component.proto.json)
            drawn[data["method"], data["model"]] = data
    return drawn


def heads(page: AppTest) -> list[dict[str, Any]]:
    """What the head of each column was given to draw."""
    components = page.get("bidi_component")
    return [json.loads(one.proto.json) for one in components if one.proto.component_name == "bcos_answer"]


def words(panel: dict[str, Any]) -> list[tuple[str, float]]:
    return [(unit["text"], unit["score"]) for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]


def test_without_a_model_there_is_one_way_on(home: Home) -> None:
    page = compare()
    assert [button.label for button in page.button] == ["Start on Home"]
    assert panels(page) == {}


@pytest.mark.usefixtures("pair")
def test_every_method_has_a_panel_on_every_model_that_it_fits() -> None:
    shown = panels(compare(text=TEXT))
    assert set(shown) == {
        ("B-cos contributions", "tiny-bcos"),
        *(
            (method, model)
            for method in ("Integrated gradients", "Occlusion", "Gradient × input")
            for model in ("tiny-bcos", "tiny-conventional")
        ),
    }


def test_a_panel_shows_the_record_s_words_and_what_they_add_to(pair: tuple[Path, Path]) -> None:
    panel = panels(compare(text=TEXT, model="tiny-bcos", method="bcos"))["B-cos contributions", "tiny-bcos"]
    record = bcos_core.explain(bcos_core.load(pair[0]), TEXT)
    # Every word of this sentence is one token of the vocabulary.
    assert [text for text, _ in words(panel)] == ["A", "good", "and", "honest", "film", "."]
    assert [score for _, score in words(panel)] == pytest.approx(record.scores[1:-1], abs=1e-6)
    (meter,) = panel["blocks"]
    sums = {bar["label"]: bar["value"] for bar in meter["bars"]}
    assert sums["contributions"] == pytest.approx(sums["logit"], abs=1e-4)
    assert sums["logit"] == pytest.approx(record.logit, abs=1e-5)
    assert "added tokens" in meter["note"]
    assert "reference" in meter["note"]


@pytest.mark.usefixtures("pair")
def test_an_address_reproduces_the_screen() -> None:
    page = compare(
        text=TEXT,
        model=["tiny-conventional", "tiny-bcos"],
        method="occlusion",
        target="negative",
        granularity="token",
        scale="absolute",
        marks="bars",
        strike="2-6",
    )
    shown = panels(page)
    assert list(shown) == [("Occlusion", "tiny-conventional"), ("Occlusion", "tiny-bcos")]
    for panel in shown.values():
        assert panel["legend"]["ends"][1] == "supports negative"
        assert panel["presentation"] == "bars"
        struck = [
            unit["text"] for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"] if unit["struck"]
        ]
        assert struck == ["good"]
        (strike,) = (block for block in panel["blocks"] if block["kind"] == "strike")
        predicted, real = (bar["value"] for bar in strike["bars"])
        assert predicted == pytest.approx(real, abs=1e-5)  # occluding one word is striking it out
        assert panel["change"]["predicted"] == pytest.approx(panel["change"]["real"], abs=1e-4)
    for head, panel in zip(heads(page), shown.values(), strict=True):
        assert head["change"]["text"] == f"Real change: {panel['change']['text'].removeprefix('predicts ')}"


@pytest.mark.usefixtures("pair")
def test_a_changed_choice_is_kept_in_the_address() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method="bcos")
    page.selectbox[0].set_value("negative").run()
    assert page.query_params["target"] == "negative"
    assert panels(page)["B-cos contributions", "tiny-bcos"]["legend"]["ends"][1] == "supports negative"


def test_the_predicted_class_stays_chosen_when_the_next_text_is_predicted_otherwise(home: Home) -> None:
    folder, _ = save_pair(home, ("one", "two", "three", "four", "five"))
    texts = [word for word in AutoTokenizer.from_pretrained(folder).get_vocab() if word.isascii() and word.isalpha()][
        :200
    ]
    labels = [prediction.label for prediction in predict(bcos_core.load(folder), texts)]
    other = next(i for i, label in enumerate(labels) if label != labels[0])
    page = compare(text=texts[0], model="tiny-bcos", method="bcos")
    page.text_area[0].set_value(texts[other]).run()
    assert page.query_params.get("target", "") == ""
    (panel,) = panels(page).values()
    assert panel["legend"]["ends"][1] == f"supports {labels[other]}"


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_text_asks_for_one(text: str) -> None:
    page = compare(text=text)
    assert "Type a text" in page.info[0].value
    assert panels(page) == {}


@pytest.mark.usefixtures("pair")
def test_a_text_over_the_limit_is_explained_up_to_it_and_says_so() -> None:
    text = "film " * 60
    page = compare(text=text, model="tiny-bcos", method="bcos")
    panel = panels(page)["B-cos contributions", "tiny-bcos"]
    seen = MAX_LENGTH - 2  # without [CLS] and [SEP]
    assert len(words(panel)) == seen
    assert panel["notes"] == []
    ((note,),) = (head["notes"] for head in heads(page))  # once for all methods
    assert f"of {len(text)} characters" in note
    assert [run["kind"] for run in panel["runs"]][-1] == "cut"


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    "text",
    ["a", "👩‍👩‍👧 🎉", "この映画は素晴らしい。", "هذا الفيلم رائع", "<script>alert(1)</script>", "a" * 5000],
    ids=["one token", "emoji", "Japanese", "Arabic", "markup", "one character 5,000 times"],
)
def test_unusual_texts_are_drawn_whole(text: str) -> None:
    page = compare(text=text, model="tiny-bcos", method=["bcos", "occlusion"])
    assert not page.error
    shown = panels(page)
    assert len(shown) == 2
    for panel in shown.values():
        drawn = "".join(
            run["text"] if run["kind"] != "unit" else "".join(unit["text"] for unit in run["units"])
            for run in panel["runs"]
            if run["kind"] != "added"
        )
        assert drawn == text


def test_markup_in_a_label_stays_text(home: Home) -> None:
    label = "<script>alert(1)</script>"
    save_pair(home, ("negative", label))
    page = compare(text=TEXT, model="tiny-bcos", method="bcos", target=label)
    (panel,) = panels(page).values()
    assert panel["prediction"][1]["label"] == label  # plain data: the component makes text nodes of it
    assert not any(block.allow_html for block in page.markdown)


@pytest.mark.usefixtures("pair")
def test_a_link_to_a_model_that_is_gone_says_so() -> None:
    page = compare(text=TEXT, model=["lost", "tiny-bcos"], method="bcos")
    assert "lost" in page.warning[0].value
    assert list(panels(page)) == [("B-cos contributions", "tiny-bcos")]


def test_a_contrast_explains_the_difference_of_two_logits(home: Home) -> None:
    folder, _ = save_pair(home, ("bad", "so-so", "good"))
    page = compare(text=TEXT, model="tiny-bcos", method=["bcos", "occlusion"], target="good", minus="bad")
    record = bcos_core.explain(bcos_core.load(folder), TEXT, target=Target(2, "good", 0, "bad"))
    shown = panels(page)
    assert [score for _, score in words(shown["B-cos contributions", "tiny-bcos"])] == pytest.approx(
        record.scores[1:-1], abs=1e-6
    )
    for panel in shown.values():
        assert panel["legend"]["ends"][1] == "supports good rather than bad"
        assert [bar["explained"] for bar in panel["prediction"]] == ["rather than", "", "explained"]


@pytest.mark.parametrize("granularity", ["word", "sentence"])
def test_several_seeds_give_the_mean_and_a_band(granularity: str, pair: tuple[Path, Path]) -> None:
    text = "Unwatchable. A good film, though."
    shown = panels(
        compare(text=text, model="tiny-bcos", method=["bcos", "smoothgrad"], seeds="3", granularity=granularity)
    )
    model = bcos_core.load(pair[0])
    by_seed = [bcos_core.explain(model, text, method="smoothgrad", seed=seed) for seed in range(3)]
    spans = word_scores if granularity == "word" else sentence_scores
    sums = np.array([[span.score for span in spans(record)] for record in by_seed])
    panel = shown["SmoothGrad", "tiny-bcos"]
    assert [score for _, score in words(panel)] == pytest.approx(sums.mean(0).tolist(), abs=1e-6)
    units = [unit for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]
    assert [unit["tip"].split(" over")[0] for unit in units] == [
        f"{number(mean, signed=True)} ± {number(spread)}"
        for mean, spread in zip(sums.mean(0), sums.std(0, ddof=1), strict=True)
    ]
    assert "3 seeds" in panel["legend"]["band"]
    certain = shown["B-cos contributions", "tiny-bcos"]
    assert certain["legend"]["band"] is None
    assert all(unit["band"] is None for run in certain["runs"] if run["kind"] == "unit" for unit in run["units"])


@pytest.mark.usefixtures("pair")
def test_the_number_of_seeds_is_a_choice_that_is_kept_in_the_address() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method="gradient_shap", seeds="4")  # no such choice: one seed
    assert "under one seed" in panels(page)["GradientSHAP", "tiny-bcos"]["legend"]["band"]
    page.segmented_control(key="url-seeds").set_value("5").run()
    assert page.query_params["seeds"] == "5"
    assert "5 seeds" in panels(page)["GradientSHAP", "tiny-bcos"]["legend"]["band"]


def test_a_panel_without_numbers_says_that_it_failed(pair: tuple[Path, Path]) -> None:
    # Logits that float32 can hold, and gradients that it cannot.
    weights = load_file(pair[1] / "model.safetensors")
    weights["bert.embeddings.LayerNorm.weight"] *= 1e6
    weights["classifier.weight"] *= 1e36
    save_file(weights, pair[1] / "model.safetensors", metadata={"format": "pt"})
    page = compare(text=TEXT, method=["integrated_gradients", "occlusion"], target="negative", scale="absolute")
    shown = panels(page)
    failed = shown["Integrated gradients", "tiny-conventional"]
    assert failed["failure"].startswith("The method gave scores that are not finite numbers for 8 of 8 tokens")
    assert [(run["kind"], run["text"]) for run in failed["runs"]] == [("gap", TEXT)]
    assert failed["legend"] is None and failed["blocks"] == [] and len(failed["prediction"]) == 2
    # The others are drawn as if it were not there, on a scale without it.
    assert len(words(shown["Occlusion", "tiny-conventional"])) == 6
    other = shown["Integrated gradients", "tiny-bcos"]
    assert other["failure"] is None
    assert max(abs(unit["strength"]) for run in other["runs"] if run["kind"] == "unit" for unit in run["units"]) == 1.0
    assert not page.error


@pytest.mark.usefixtures("pair")
def test_panels_that_answer_different_questions_are_marked() -> None:
    alike = compare(text=TEXT, model="tiny-bcos", method=["bcos", "integrated_gradients"], reference="none")
    assert not alike.warning
    unlike = compare(text=TEXT, model="tiny-bcos", method=["bcos", "occlusion", "saliency"], reference="none")
    (warning,) = (element.value.replace("\\", "") for element in unlike.warning)
    assert "different questions" in warning
    assert "B-cos contributions compares with nothing" in warning
    assert "Occlusion compares with the mask token" in warning
    assert "one reference fits all: the mask token at every position or the padding token" in warning
    assert "Saliency" not in warning


@pytest.mark.usefixtures("pair")
def test_sentences_are_drawn_whole() -> None:
    text = "A good film. It drags, though."
    page = compare(text=text, model="tiny-bcos", method="bcos", granularity="sentence")
    panel = panels(page)["B-cos contributions", "tiny-bcos"]
    assert [unit for unit, _ in words(panel)] == ["A good film.", "It drags, though."]
    by_word = panels(compare(text=text, model="tiny-bcos", method="bcos"))["B-cos contributions", "tiny-bcos"]
    assert sum(score for _, score in words(panel)) == pytest.approx(sum(score for _, score in words(by_word)))


@pytest.mark.usefixtures("pair")
def test_what_a_model_cannot_answer_says_why_in_its_place() -> None:
    page = compare(text=TEXT, method="bcos")
    assert "**B-cos contributions** · Only for B-cos models: a conventional one has no contributions." in [
        caption.value.replace("\\", "") for caption in page.caption
    ]


def test_the_test_set_is_walked_through_by_filters(home: Home) -> None:
    task = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
    save_pair(home, task=task)
    data = load_task(TaskChoice.from_dict(task))
    for info in list_checkpoints(home):
        ask_more(info, data.test.texts, 120.0)
    page = compare(model="tiny-bcos", method="bcos", filter="wrong", label="positive", search="film", sure="0-100")
    place = next(caption.value for caption in page.caption if "texts of" in caption.value or "text of" in caption.value)
    step = next(button for button in page.button if button.label == "Next")
    step.click().run()
    shown = page.text_area[0].value
    assert "film" in shown.lower() and "No. " in next(
        c.value for c in page.caption if "of" in c.value and "No." in c.value
    )
    assert place and page.query_params["example"].isdigit()
    index = int(page.query_params["example"])
    assert data.test.texts[index] == shown and data.labels[data.test.labels[index]] == "positive"
    (panel,) = panels(page).values()
    negative, positive = (bar["share"] for bar in panel["prediction"])
    assert negative > positive  # the filter keeps what the model gets wrong


def test_a_pinned_text_comes_back(home: Home) -> None:
    Collections(open_database(home)).pin("odd ones", "A dull one.", "negative")
    page = AppTest.from_function(_pins, default_timeout=60).run()
    assert [button.label for button in page.button if button.label.startswith("A dull")] == ["A dull one\\."]
    next(button for button in page.button if button.key == "pin-this").click().run()
    assert [one.text for one in Collections(open_database(home)).texts("odd ones")] == ["A dull one.", "A good film."]
    next(button for button in page.button if str(button.key).startswith("unpin-")).click().run()
    assert [one.text for one in Collections(open_database(home)).texts("odd ones")] == ["A good film."]
    next(button for button in page.button if str(button.key).startswith("pinned-")).click().run()
    assert page.query_params["text"] == "A good film."


def _pins() -> None:
    from pages.compare.pins import pinned_texts

    pinned_texts("A good film.", None)


@pytest.mark.usefixtures("pair")
def test_a_pin_shows_the_screen_as_it_was(home: Home) -> None:
    page = compare(
        text=TEXT, model=["tiny-conventional", "tiny-bcos"], method="occlusion", target="negative", strike="2-6"
    )
    page.query_params["open"] = "tiny-bcos-occlusion"
    page.run()
    before = panels(page)
    page.button(key="pin-tiny-bcos-occlusion").click().run()
    (one,) = Collections(open_database(home)).texts("Pinned")
    assert parse_qs(one.screen or "")["target"] == ["negative"] and "seeds=1" in str(one.screen)
    other = compare(text="A dull one.", model="tiny-bcos", method="bcos", seeds="3", marks="bars")
    other.session_state["pins"] = True  # the menu is open
    other.run()
    other.button(key=f"pinned-{one.item}").click().run()
    assert panels(other) == before and len(before) == 2


def test_options_of_a_method_are_chosen_and_kept_in_the_address(pair: tuple[Path, Path]) -> None:
    page = compare(
        text=TEXT, model="tiny-bcos", method=["integrated_gradients", "occlusion"], **{"occlusion.unit": "word"}
    )
    steps = page.number_input(key="url-integrated_gradients.steps")
    assert steps.value == 50 and (steps.min, steps.max) == (1, 10_000)
    assert page.selectbox(key="url-occlusion.unit").value == "word"
    before = panels(page)["Integrated gradients", "tiny-bcos"]
    steps.set_value(2).run()
    assert page.query_params["integrated_gradients.steps"] == "2" and not page.exception
    after = panels(page)["Integrated gradients", "tiny-bcos"]
    model = bcos_core.load(pair[0])
    for shown, steps_taken in ((before, 50), (after, 2)):
        record = bcos_core.explain(model, TEXT, method="integrated_gradients", steps=steps_taken)
        expected = [word.score for word in word_scores(record)]
        np.testing.assert_allclose([score for _, score in words(shown)], expected, atol=1e-5)
    assert words(before) != words(after)


@pytest.mark.usefixtures("pair")
def test_an_option_out_of_its_bounds_is_the_default() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method="lime", **{"lime.samples": "1", "lime.unit": "page"})
    assert page.number_input(key="url-lime.samples").value == 100
    assert page.selectbox(key="url-lime.unit").value == "token"


def labels(page: AppTest) -> list[str]:
    """What stands on the buttons that open something."""
    return [popover.proto.popover.label.replace("\\", "") for popover in page.get("popover")]


def test_the_question_is_said_in_words(home: Home) -> None:
    folder, _ = save_pair(home, ("bad", "so-so", "good"))
    (answer,) = predict(bcos_core.load(folder), [TEXT])
    both = ["tiny-bcos", "tiny-conventional"]
    page = compare(text=TEXT, model=both, method="bcos")
    assert f"Explained class: {answer.label} (the B-cos model’s answer)" in labels(page)
    assert "Explained class: good" in labels(compare(text=TEXT, model=both, method="bcos", target="good"))
    page = compare(text=TEXT, model=both, method="bcos", target="good", minus="bad")
    assert "Explained class: good rather than bad" in labels(page)
    (panel,) = panels(page).values()
    units = [unit for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]
    assert all(unit["tip"].endswith("good rather than bad") for unit in units)


@pytest.mark.usefixtures("pair")
def test_methods_are_a_checklist_with_what_each_costs() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method="bcos")
    serving = [method for method in METHODS.values() if not method.unsupported(is_bcos=True)]
    assert f"Methods: 1 of {len(serving)}" in labels(page) and len(serving) == len(METHODS) - 1  # not ReAGent
    said = [caption.value.replace("\\", "") for caption in page.caption]
    assert any("replaced" in sentence and "Cost: 1 forward per token." in sentence for sentence in said)
    page.checkbox(key="method-occlusion").check().run()
    assert page.query_params["method"] == ["bcos", "occlusion"] and len(panels(page)) == 2
    page.checkbox(key="method-bcos").uncheck().run()
    page.checkbox(key="method-occlusion").uncheck().run()
    assert page.query_params["method"] in ("", [""]) and not panels(page)
    assert "Choose a method" in page.info[0].value


@pytest.mark.usefixtures("pair")
def test_a_panel_says_whether_it_adds_up_and_unfolds(home: Home) -> None:
    page = compare(text=TEXT, model="tiny-bcos", method=["bcos", "occlusion"])
    shown = panels(page)
    exact = shown["B-cos contributions", "tiny-bcos"]
    assert exact["mark"]["exact"] and exact["mark"]["text"] == "✓ adds up" and exact["folds"] and not exact["open"]
    assert shown["Occlusion", "tiny-bcos"]["mark"] is None
    assert len(page.dataframe) == 0
    page.query_params["open"] = "tiny-bcos-bcos"
    page.run()
    assert panels(page)["B-cos contributions", "tiny-bcos"]["open"] and len(page.dataframe) == 1
    page.button(key="pin-tiny-bcos-bcos").click().run()
    assert [one.text for one in Collections(open_database(home)).texts("Pinned")] == [TEXT]
    assert len(page.dataframe) == 1
    page.session_state["layers-tiny-bcos-bcos"] = True  # what a click on the fold does
    page.run()
    assert "**Strongest paths**" in [one.value for one in page.markdown] and len(page.dataframe) == 2


@pytest.mark.usefixtures("pair")
def test_every_model_has_one_head_with_its_answer() -> None:
    page = compare(text=TEXT, model=["tiny-conventional", "tiny-bcos"], target="negative")
    assert [head["model"] for head in heads(page)] == ["tiny-conventional", "tiny-bcos"]
    for head in heads(page):
        said = [(bar["label"], bar["explained"]) for bar in head["bars"]]
        assert said == [("negative", "explained"), ("positive", "")]
        assert [bar["answers"] for bar in head["bars"]] == [bar["share"] > 0.5 for bar in head["bars"]]
        assert sum(bar["share"] for bar in head["bars"]) == pytest.approx(1)


def real_changes(drawn: Iterable[dict[str, Any]]) -> list[float]:
    """What the details of panels say of struck words."""
    blocks = (block for panel in drawn for block in panel["blocks"] if block["kind"] == "strike")
    return [bar["value"] for block in blocks for bar in block["bars"] if bar["label"] == "real"]


@pytest.mark.usefixtures("pair")
def test_the_changes_of_a_model_are_on_one_scale() -> None:
    methods = ["occlusion", "integrated_gradients", "saliency"]
    page = compare(text=TEXT, model=["tiny-bcos", "tiny-conventional"], method=methods, strike="2-6,11-17")
    assert len(heads(page)) == 2 and len(panels(page)) == 6
    for place, head in enumerate(heads(page)):
        rows = [panel for (_, model), panel in panels(page).items() if model == head["model"]]
        assert {row["scale"] for row in rows} == {head["scale"]} == {f"--longest-change-{place}"}
        assert head["change"]["text"] == f"Real change: {number(real_changes(rows)[0], signed=True)}"
        assert real_changes(rows) == pytest.approx([row["change"]["real"] for row in rows], abs=1e-6)
        assert max(real_changes(rows)) == pytest.approx(min(real_changes(rows)), abs=1e-6)
        longest = max(abs(row["change"][which] or 0.0) for row in rows for which in ("predicted", "real"))
        assert head["longest"] == pytest.approx(longest, abs=1e-9)
        assert [row["change"]["predicted"] is None for row in rows] == [False, False, True]  # saliency: no direction


@pytest.mark.usefixtures("pair")
def test_methods_that_put_other_tokens_in_place_of_words_have_real_changes_of_their_own() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method=["occlusion", "saliency"], reference="pad", strike="2-6")
    (head,) = heads(page)
    first, second = real_changes(panels(page).values())
    assert first != pytest.approx(second, abs=1e-6) and head["change"] is None
    assert all(", really " in panel["change"]["text"] for panel in panels(page).values())


@pytest.mark.usefixtures("pair")
def test_the_text_without_the_struck_words_becomes_the_text() -> None:
    page = compare(text=TEXT, model="tiny-bcos", method="bcos", strike="2-6,7-10")
    next(button for button in page.button if button.label == "Explain without them").click().run()
    assert page.query_params["text"] == "A honest film." and "strike" not in page.query_params
    assert [word for word, _ in words(panels(page)["B-cos contributions", "tiny-bcos"])] == ["A", "honest", "film", "."]
    nothing = compare(text="Film", model="tiny-bcos", method="bcos", strike="0-4")
    assert next(button for button in nothing.button if button.label == "Explain without them").disabled


def test_models_that_share_no_class_are_told_so(home: Home) -> None:
    save_pair(home, ("bad", "good"))
    others = Home(home.root / "others").create()
    for folder in save_pair(others, ("rainy", "sunny")):
        folder.rename(home.models / f"weather-{folder.name}")
    page = compare(text=TEXT, model=["tiny-bcos", "weather-tiny-bcos"], method="occlusion", target="good")
    (said,) = (caption.value.replace("\\", "") for caption in page.caption if "no class" in caption.value)
    assert "has no class “good”, only rainy, sunny." in said and "share no class" in said and len(panels(page)) == 1


def _late_click() -> None:
    import streamlit as st

    from pages.compare.strikes import toggle
    from pages.compare.text_box import TextPlace

    drawn = TextPlace.of("A good film.", None)
    st.text(drawn.is_current())
    st.query_params["text"] = "A dull one."
    st.text(drawn.is_current())
    toggle(drawn, 12, [(2, 6)])  # the click comes after the new text
    del st.query_params["text"]
    opening = TextPlace.of("A test text.", 3)
    st.query_params["example"] = "3"  # the browser completes the address
    st.text(opening.is_current())
    st.query_params["example"] = "4"
    st.text(opening.is_current())


def test_a_click_on_an_old_text_never_strikes_the_new_one() -> None:
    page = AppTest.from_function(_late_click)
    page.query_params["text"] = "A good film."
    page.run()
    assert not page.exception and "strike" not in page.query_params
    assert [text.value for text in page.text] == ["True", "False", "True", "False"]


def test_drawings_of_two_texts_are_told_apart(pair: tuple[Path, Path]) -> None:
    chosen = {"model": "tiny-bcos", "method": "bcos"}
    (first,), (again,), (other,) = (
        panels(compare(text=text, **chosen)).values() for text in (TEXT, TEXT, "A good or honest film.")
    )
    assert first["drawn"] == again["drawn"] != other["drawn"]
    (struck,) = panels(compare(text=TEXT, strike="2-6", **chosen)).values()
    assert struck["drawn"] == first["drawn"]  # a second word can be struck


def test_a_tokenizer_without_a_mask_is_not_met_with_methods_that_need_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As GPT-2's: what is chosen before anyone chooses can be had; the others are still offered."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    tokenizer.mask_token = tokenizer.pad_token = None
    with monkeypatch.context() as patched:
        patched.setattr(AutoTokenizer, "from_pretrained", lambda path: tokenizer)
        save_pair(home)
    page = compare(text="a fine film", model="tiny-bcos")
    chosen = {box.key.removeprefix("method-") for box in page.checkbox if box.key and box.value}
    assert "bcos" in chosen and "occlusion" not in chosen
    assert "method-occlusion" in {box.key for box in page.checkbox} and not page.error
