"""What people name, of one and of several, by hand; and how far they agree with each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.cli.evaluate import show
from bcos_core.cli.main import main
from bcos_core.evaluate.case import Case, Named
from bcos_core.evaluate.people import agreed, among_themselves
from bcos_core.evaluate.plausibility import span_f1
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.render.report import evaluation_html
from bcos_core.render.scoreboard import leaderboard_figure, people_in_words
from bcos_core.text.encoding import Encoded
from bcos_core.text.tasks import TaskChoice
from bcos_core.text.token import Token

SCORED = ("auprc_rationale", "token_f1_rationale", "token_iou_rationale", "iou_f1_rationale", "tau_rationale")


def case(scores: list[float], *people: set[int]) -> Case:
    """Of a text "a b c …" between two added tokens: `scores` and people's places are those of the words."""
    words = [chr(ord("a") + place) for place in range(len(scores))]
    tokens = [
        Token("[CLS]", None, None),
        *(Token(w, 2 * i, 2 * i + 1) for i, w in enumerate(words)),
        Token("[SEP]", None, None),
    ]
    each = tuple(frozenset(place + 1 for place in one) for one in people)
    named = agreed(each)
    return Case(
        text=Encoded(" ".join(words), tuple(range(len(tokens))), tuple(tokens), None),
        scores=(0.0, *scores, 0.0),
        target=0,
        probability=PROBABILITIES["softmax"],
        named={"rationale": Named(named, len(named) / len(words), each)},
    )


def score(name: str, one: Case) -> float | None:
    return SCORES[name].compute(one)


def test_at_least_half_of_the_people() -> None:
    assert agreed([frozenset({1, 2})]) == {1, 2}
    assert agreed([frozenset({1, 2}), frozenset({2, 3})]) == {1, 2, 3}  # one of two is half
    assert agreed([frozenset({1, 2}), frozenset({2, 3}), frozenset()]) == {2}  # one of three is less
    assert agreed([]) == frozenset()


def test_spans_of_the_top_tokens() -> None:
    named = [False, True, True, True, False, False, True, True]
    # The top 3 are b, c and e: [b c] over [b c d] is 2 / 3, [e] meets nothing. One of two found, one of two named.
    assert span_f1([0, 9, 8, 0, 7, 0, 0, 0], named, 3) == pytest.approx(0.5)
    # b alone over [b c d] is 1 / 3, less than half; g over [g h] is a half, which counts.
    assert span_f1([0, 9, 0, 0, 0, 0, 8, 0], named, 2) == pytest.approx(0.5)
    assert span_f1([0, 9, 0, 0, 0, 0, 0, 0], named, 1) == 0.0
    assert span_f1([0, 9, 8, 7, 0, 0, 6, 5], named, 5) == 1.0
    # Everything is one span of 8, which meets neither by half: 3 / 8, 2 / 8.
    assert span_f1([1] * 8, named, 8) == 0.0


def test_how_strongly_people_name_a_token_counts() -> None:
    # Shares 1, 1/2, 0, 0 for a … d: as (concordant − discordant) / √(pairs without ties in either).
    one = case([4.0, 3.0, 2.0, 1.0], {0, 1}, {0})
    assert score("tau_rationale", one) == pytest.approx(5 / (6 * 5) ** 0.5)
    assert score("tau_rationale", case([1.0, 1.0], {0}, {1})) is None  # ranks nothing
    # The others see a and b alike.
    assert score("token_f1_rationale", one) == score("auprc_rationale", one) == 1.0


def test_people_among_themselves_by_hand() -> None:
    # Of six words: {a b}, {b c}, {b}. Against the others, of whom each one is half:
    #   {a b} against {b c}: 1 hit of 2 and 2; {b c} against {a b}: the same; {b} against {a b c}, 1 hit of 1 and 3.
    one = case([0.0] * 6, {0, 1}, {1, 2}, {1})
    assert among_themselves(one, SCORES["token_f1_rationale"].compute) == pytest.approx((0.5 + 0.5 + 0.5) / 3)
    assert among_themselves(one, SCORES["token_iou_rationale"].compute) == pytest.approx((1 / 3 + 1 / 3 + 1 / 3) / 3)
    # Spans: [a b] over [b c] is 1 / 3, so 0; [b] over [a b c] is 1 / 3, so 0.
    assert among_themselves(one, SCORES["iou_f1_rationale"].compute) == 0.0
    # Two who name the same agree wholly; so does one with two.
    for name in SCORED:
        assert among_themselves(case([0.0] * 4, {1, 2}, {1, 2}), SCORES[name].compute) == pytest.approx(1.0)


def test_who_is_alone_or_names_nothing_is_not_compared() -> None:
    compute = SCORES["token_f1_rationale"].compute
    assert among_themselves(case([0.0] * 4, {1}), compute) is None
    assert among_themselves(case([0.0] * 4, {1}, set()), compute) is None
    # The third names nothing: with it, one of two is half, so that the two are compared as if they were alone.
    assert among_themselves(case([0.0] * 4, {1}, {1}, set()), compute) == 1.0


@pytest.fixture
def evaluation(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    """Of sentences in which three people name the same word, and one of them sometimes another one too."""
    monkeypatch.setenv("BCOS_ROOTS", str(tmp_path))
    rows = []
    for i, one in enumerate(("film", "plot", "cast", "script", "camera", "ending")):
        for j, other in enumerate(("film", "plot", "cast", "script", "camera", "ending")):
            why = "dull" if (i + j) % 2 else "charming"
            text = f"the {one} and the {other} are {why}, I think"
            people = [[why], [why], [why, "think"] if i % 2 else [why]]
            rows.append(json.dumps({"text": text, "label": ("positive", "negative")[(i + j) % 2], "why": people}))
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(rows))
    choice = TaskChoice("file", str(path), rationale_column="why")
    folder, _ = save_pair(home.create(), task=choice.to_dict())
    spec = EvaluationSpec((str(folder),), ("bcos",), scores=("token_f1_rationale", "comprehensiveness"), limit=50)
    return run_evaluation(spec, home=home, name="one", reporter=SilentReporter())


def test_an_evaluation_says_how_far_people_agree(
    evaluation: Evaluation, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    ceiling = evaluation.ceiling("tiny-bcos", "token_f1_rationale")
    assert ceiling is not None and ceiling.n == evaluation.rows()[0]["n"] >= 2
    assert 0.5 < ceiling.mean < 1.0  # where the third names more, not all agree wholly
    assert evaluation.ceiling("tiny-bcos", "comprehensiveness") is None
    again = Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict())))
    assert again.ceiling("tiny-bcos", "token_f1_rationale") == ceiling
    assert again.renamed({again.contenders[0].path: "mine"}).ceiling("mine", "token_f1_rationale") == ceiling
    rows = [row for row in evaluation.rows() if row["score"] == "token_f1_rationale"]
    said = people_in_words(rows)
    assert said.startswith("People among themselves, each against what at least half of the others named: 0.")
    assert said in evaluation_html(evaluation, "bcos@tiny-bcos").replace("&#x27;", "'")
    figure = leaderboard_figure(rows, "token_f1_rationale")
    ends = [ceiling.low, ceiling.high] if ceiling.has_interval else []
    assert [line.x0 for line in figure.layout.shapes] == [ceiling.mean, *ends]
    assert not leaderboard_figure(evaluation.rows(), "comprehensiveness").layout.shapes
    assert main(["evaluate", "tiny-bcos", "--scores", "token_f1_rationale", "--limit", "20", "--json"]) == 0
    assert "People among themselves" in show(json.loads(capsys.readouterr().out.splitlines()[-1]))
