"""Words edited in bulk and asked again: edits and figures by hand, and a real run against the model itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core import explain, load
from bcos_core.attribution.aggregation import word_scores
from bcos_core.cli.main import main
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.evaluate.retest import Retest, Retested, beyond_lot, figure_change, is_confirmed, moved, moved_by_lot
from bcos_core.evaluate.retest_job import RETEST, known_retests
from bcos_core.evaluate.retest_run import run_retest
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.evaluate.word_edits import WORD_EDITS, edited
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.classifier import predict
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.render.retest import retest_html, retest_markdown, retest_sentences, retest_table
from bcos_core.text.pair import pair
from bcos_core.text.tasks import TaskChoice, load_task

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.mark.parametrize(
    ("edit", "text", "expected"),
    [
        ("drop", "A dull, dull film", "A, film"),
        ("drop", "Dull films", "films"),
        ("drop", "so dull", "so"),
        ("drop", "dullness is no dull", "dullness is no"),  # whole words only
        ("drop", "dull", None),
        ("drop", pair("dull dogs", "so dull"), pair("dogs", "so")),
        ("drop", pair("a dog", "dull"), None),
        ("replace", "A DULL, dull film", "A <b>, <b> film"),
        ("negate", "a dull film", "a not dull film"),
        ("negate", "it is not dull at all", "it is dull at all"),
        ("negate", "Not dull, dull", "dull, not dull"),
    ],
)
def test_edits_of_a_word(edit: str, text: str, expected: str | None) -> None:
    assert edited(text, "dull", WORD_EDITS[edit], "<b>") == expected


def one(before: float, after: float, control: float | None, rank: int = 1, **changes: object) -> Retested:
    given: dict[str, object] = {
        "place": 0,
        "text": "so <dull>",
        "edited": "so",
        "rank": rank,
        "contribution": 1.0,
        "before": before,
        "after": after,
        "control_word": None if control is None else "so",
        "control": control,
        "answer": "bad",
        "answer_after": "good",
        "changed": after < 0.5,
        "control_changed": None if control is None else control < 0.5,
        "figures": (1.0, float(after >= 0.5)),
    }
    return Retested(**given | changes)  # type: ignore[arg-type]


def retest(*texts: Retested, kind: str = "single-label") -> Retest:
    labels = ("bad", "good") if kind == "single-label" else ("score",)
    return Retest("m", "t", kind, labels, 0, "<dull>", "drop", "", "bcos", 20, 0, texts, "c", 1.0)


def test_figures_by_hand() -> None:
    texts = [one(0.9, 0.2, 0.8), one(0.8, 0.3, 0.9), one(0.7, 0.6, None)]
    found = moved(texts)
    assert (found.changed.mean, found.changed.n) == (pytest.approx(2 / 3), 3)
    assert found.moved.mean == pytest.approx((0.7 + 0.5 + 0.1) / 3)
    by_lot = moved_by_lot(texts)
    assert (by_lot.changed.mean, by_lot.changed.n, by_lot.moved.mean) == (0.0, 2, pytest.approx(0.1))
    gap, _ = beyond_lot(texts, answers=False)
    assert (gap.mean, gap.n) == (pytest.approx((0.6 + 0.4) / 2), 2)
    gap, _ = beyond_lot(texts, answers=True)
    assert (gap.mean, gap.n) == (1.0, 2)
    before, after, change = figure_change(texts)
    assert (before.mean, after.mean, change.mean) == (1.0, pytest.approx(1 / 3), pytest.approx(-2 / 3))


def test_what_is_confirmed() -> None:
    strong = [one(0.9, 0.1 + place / 100, 0.85) for place in range(10)]
    weak = [one(0.9, 0.85, 0.1 + place / 100) for place in range(10)]
    assert is_confirmed(retest(*strong)) is True and is_confirmed(retest(*weak)) is False
    # p moves a little more in every text, and no answer changes: nothing is decided.
    assert is_confirmed(retest(*[one(0.9, 0.8, 0.89)] * 10)) is False
    assert is_confirmed(retest(*[one(3.0, 2.0, 2.9)] * 10, kind="regression")) is True
    assert is_confirmed(retest(one(0.9, 0.1, 0.9), one(0.9, 0.12, 0.9))) is False  # too few for the test
    assert is_confirmed(retest(strong[0])) is None and is_confirmed(retest(*[one(0.9, 0.1, None)] * 5)) is None
    assert is_confirmed(retest(*[one(0.9, 0.1, 0.9, rank=4)] * 10)) is None  # the heatmap leans on it nowhere
    assert retest_sentences(retest(*strong))[0].startswith("“<dull>” decides where the heatmap leans on it")
    assert retest_sentences(retest(*weak))[0].startswith("It is not shown that “<dull>” decides")
    assert "do not lean on it" in retest_sentences(retest(one(0.9, 0.1, 0.9, rank=4)))[0]


def test_reports_are_whole_and_escaped() -> None:
    found = retest(
        *[one(0.9, 0.1 + place / 100, 0.85, contribution=float(place)) for place in range(10)],
        one(0.6, 0.6, 0.6, rank=9),
    )
    page, text = retest_html(found), retest_markdown(found)
    assert "so &lt;dull&gt;" in page and "<dull>" not in page
    assert "the answer changes in 100.0 % (95 % interval" in page and "Wilson" in page
    assert "What was done" in text and text.startswith("# Does “<dull>” decide?")
    assert list(retest_table(found)["contribution"]) == [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0, 1.0]
    score = retest(*[one(3.0, 1.0 + place, 3.0) for place in range(10)], kind="regression")
    assert "the answer changes" not in retest_html(score) and "the score moves by" in retest_html(score)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"word": "two words"}, "expected one word"),
        ({"word": " "}, "expected one word"),
        ({"edit": "replace"}, "name the other one"),
        ({"other": "x"}, "Only a replacement"),
        ({"edit": "replace", "other": "Dull"}, "replaced by itself"),
        ({"edit": "negate", "word": "Not"}, "cannot be negated"),
        ({"limit": 0}, "limit is 0; expected a whole number from 1"),
        ({"limit": 1.5}, "limit is 1.5"),
        ({"seed": -1}, "seed is -1; expected a whole number from 0"),
        ({"label": -1}, "number of an output, from 0"),
        ({"method": "attention_rollout"}, "leans on no word"),
    ],
)
def test_what_cannot_be_asked(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RetestSpec(**{"checkpoint": "x", "word": "dull", "label": 0, "method": "bcos"} | changes)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError):
        RetestSpec("x", "dull", 0, "bcos", "shout")


def test_a_run_says_what_the_model_says(home: Home) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    spec = RetestSpec(str(folder), "the", 1, "bcos", limit=40)
    found = run_retest(spec, home=home, reporter=SilentReporter())
    texts = load_task(TaskChoice.from_dict(TASK)).test.texts[:40]
    having = [place for place, text in enumerate(texts) if "the" in text.lower().split()]
    assert {one.place for one in found.texts} >= set(having) and len(having) > 3
    model = load(folder)
    for row in found.texts[:4]:
        before, after = predict(model, [row.text, row.edited])
        assert row.before == pytest.approx(before.probabilities[1], abs=1e-5)
        assert row.after == pytest.approx(after.probabilities[1], abs=1e-5)
        assert row.changed == (before.label != after.label)
        sums: dict[str, float] = {}
        for word in word_scores(explain(model, row.text, method="bcos", target=1, reference="mask")):
            if any(map(str.isalpha, word.text)):
                sums[word.text.lower()] = sums.get(word.text.lower(), 0.0) + word.score
        assert row.contribution == pytest.approx(sums["the"], abs=1e-4)
        assert row.rank == 1 + sum(abs(value) > abs(sums["the"]) for value in sums.values())
        assert row.control_word in row.text.lower() and row.control_word != "the"
    again = run_retest(spec, home=home, reporter=SilentReporter())
    assert again.texts == found.texts
    assert RETEST.read(json.loads(json.dumps(vars(spec)))) == spec
    with pytest.raises(InputError, match="None of the first 40 test texts has the word “qqq”"):
        run_retest(RetestSpec(str(folder), "qqq", 1, "bcos", limit=40), home=home, reporter=SilentReporter())


def test_what_the_words_job_has_explained_is_not_explained_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    run_vocabulary(read_info(folder), method="bcos", limit=40, seed=0, home=home, reporter=SilentReporter())
    from bcos_core.evaluate.explainer import Explainer

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("explained again")

    monkeypatch.setattr(Explainer, "__call__", refuse)
    assert run_retest(RetestSpec(str(folder), "a", 1, "bcos", limit=40), home=home, reporter=SilentReporter()).texts


def test_a_report_on_the_words_of_a_model_has_every_word_that_was_edited(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    page, text = tmp_path / "words.html", tmp_path / "words.md"
    assert main(["words", "tiny-bcos", "--limit", "60", "--report", str(page)]) == 0
    assert "No word was edited" in page.read_text() and "What speaks against “negative”" in page.read_text()
    assert main(["retest", "tiny-bcos", "the", "--limit", "40"]) == 0
    assert main(["words", "tiny-bcos", "--limit", "60", "--report", str(text)]) == 0
    said = text.read_text()
    assert "### “the”" in said and "No word was edited" not in said and folder_identity(folder) in said
    capsys.readouterr()
    assert main(["words", "tiny-bcos", "--limit", "60", "--json"]) == 0
    use = json.loads(capsys.readouterr().out.splitlines()[-1])["uses"][0]
    assert f"| {use['word']} |" in said
    info = read_info(folder)
    assert [one.word for one in known_retests(info, JobStore.open())] == ["the"]
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert known_retests(info, JobStore.open()) == []  # of other files than those that are there now


def test_the_command(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(home.create(), task=TASK)
    report = tmp_path / "report.html"
    words = ["retest", "tiny-bcos", "a", "--limit", "40", "--label", "positive"]
    assert main([*words, "--report", str(report)]) == 0
    assert "“a”" in capsys.readouterr().out and "Does “a” decide?" in report.read_text()
    assert main([*words, "--edit", "replace", "--other", "the", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["other"] == "the"
    for wrong, message in ((["--label", "nice"], "no class or label 'nice'"), (["--report", "x.pdf"], "ends in .html")):
        assert main([*words, *wrong]) == 2
        assert message in capsys.readouterr().err
