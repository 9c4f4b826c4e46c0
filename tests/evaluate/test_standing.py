"""Ranks, marks and sentences of an evaluation whose values are made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.standing import Standing, ranks, standings
from bcos_core.evaluate.verdict import verdict

NAN = float("nan")
COMP, SUFF, PLAUSIBILITY = "comprehensiveness", "sufficiency", "auprc_plau"


def contender(method: str, passes: float, values: Mapping[str, Sequence[float]], model: str = "m") -> Contender:
    return Contender(
        checkpoint=model,
        path=f"/models/{model}",
        kind="bcos",
        method=method,
        values={score: {f"t{place}": value for place, value in enumerate(row)} for score, row in values.items()},
        protocols={score: {"summary": "By hand."} for score in values},
        failed=0,
        forward_passes=passes,
        backward_passes=0.0,
        seconds=0.1,
        curves={},
    )


def evaluation(*contenders: Contender) -> Evaluation:
    scores = list(contenders[0].values)
    return Evaluation("one", "Task", contenders, (), {"scores": scores, "probability": "softmax"}, 1.0)


def around(mean: float) -> list[float]:
    return [mean - 0.01, mean + 0.01] * 10


def hand_made(model: str = "m") -> Evaluation:
    return evaluation(
        contender("bcos", 2, {COMP: around(0.6), SUFF: around(0.10), PLAUSIBILITY: around(0.3)}, model),
        contender("occlusion", 20, {COMP: around(0.7), SUFF: around(0.05), PLAUSIBILITY: around(0.2)}, model),
        contender("input_x_gradient", 2, {COMP: around(0.3), SUFF: around(0.20), PLAUSIBILITY: around(0.2)}, model),
        contender("saliency", 2, {COMP: around(0.2), SUFF: around(0.40), PLAUSIBILITY: []}, model),
        contender("random", 0, {COMP: around(0.1), SUFF: around(0.30), PLAUSIBILITY: around(0.2)}, model),
    )


def only(given: Evaluation) -> Standing:
    (standing,) = standings(given, given.rows())
    return standing


@pytest.mark.parametrize(
    ("values", "higher", "expected"),
    [
        ([0.2, 0.5, 0.1], True, [2, 1, 3]),
        ([0.2, 0.5, 0.1], False, [2, 3, 1]),
        ([0.5, 0.5, 0.1, 0.9], True, [2, 2, 4, 1]),  # a tie shares the better rank, and the next one's is after both
        ([0.1 + 0.2, 0.3, 0.4], False, [1, 1, 3]),  # rounding is no difference
        ([NAN, 0.3, -0.4], False, [None, 2, 1]),
        ([0.0, 0.0, NAN], True, [1, 1, None]),
        ([], True, []),
    ],
)
def test_ranks_by_hand(values: list[float], higher: bool, expected: list[int | None]) -> None:
    assert ranks(values, higher_is_better=higher) == expected


def test_a_lower_sufficiency_ranks_first_and_what_has_no_value_has_no_rank() -> None:
    standing = only(hand_made())
    found = {
        score: [standing.cells[method, score].rank for method in ("bcos", "occlusion", "saliency", "random")]
        for score in standing.scores
    }
    assert found == {COMP: [2, 1, 4, 5], SUFF: [2, 1, 5, 4], PLAUSIBILITY: [1, 2, None, 2]}
    assert standing.cells["occlusion", COMP].strength == 1.0 and standing.cells["random", COMP].strength == 0.0
    assert standing.cells["bcos", COMP].strength == pytest.approx(3 / 4)
    # Mean ranks: occlusion 4/3, bcos 5/3, input × gradient 8/3, random 11/3, saliency (4 + 5 + 5) / 3.
    assert standing.methods == ("occlusion", "bcos", "input_x_gradient", "random", "saliency")


def test_what_is_not_better_than_random_is_marked_by_the_paired_interval() -> None:
    standing = only(hand_made())
    marks = {method: standing.cells[method, SUFF].row["beats_random"] for method in standing.methods}
    assert marks == {"occlusion": True, "bcos": True, "input_x_gradient": True, "random": None, "saliency": False}
    # The same on every text is a difference of 0 everywhere, and no values are no evidence.
    assert standing.cells["occlusion", PLAUSIBILITY].row["beats_random"] is False
    assert standing.cells["saliency", PLAUSIBILITY].row["beats_random"] is None


def test_the_same_gap_on_every_text_is_a_difference_from_six_texts_on() -> None:
    # Nothing varies, so there is no interval; all signs agree by chance with p = 2 / 2ⁿ: 0.06 of five, 0.03 of six.
    for n, expected in ((5, False), (7, True)):
        given = evaluation(contender("saliency", 2, {COMP: [0.5] * n}), contender("random", 0, {COMP: [0.1] * n}))
        assert given.rows()[0]["beats_random"] is expected


def test_what_beats_ours_is_said_first() -> None:
    standing = only(hand_made())
    assert standing.cheap == "input_x_gradient"  # saliency is as cheap and ranks lower; occlusion takes 20 passes
    assert verdict(standing) == [
        "Better than B-cos contributions on m: Occlusion in comprehensiveness and sufficiency.",
        "B-cos contributions are better than random in all 3 scores and than Gradient × input, the strongest of the "
        "other cheap methods, in all 3 scores.",
    ]


def test_where_nothing_beats_ours_and_nothing_is_cheap_that_is_said() -> None:
    given = evaluation(
        contender("bcos", 2, {COMP: around(0.6), SUFF: around(0.1)}),
        contender("occlusion", 20, {COMP: around(0.6), SUFF: around(0.1)}),
        contender("random", 0, {COMP: around(0.6), SUFF: around(0.3)}),
    )
    assert verdict(only(given)) == [
        "On m, no other method is shown to be better than B-cos contributions in any score.",
        "B-cos contributions are better than random in sufficiency.",
        "No other method that takes 2 passes or fewer was measured beside it.",
    ]


def test_what_is_ours_under_another_name_is_no_rival() -> None:
    """The pullback of a B-cos model is its contributions: that they are not better than it says nothing."""
    ours, other, cheap, random = 0.6, 0.6, 0.3, 0.1
    means = {"bcos": ours, "pullback": other, "input_x_gradient": cheap, "random": random}
    standing = only(evaluation(*(contender(name, 2, {COMP: around(mean)}) for name, mean in means.items())))
    assert standing.rivals == (standing.cheap,) == ("input_x_gradient",)
    alone = only(evaluation(contender("pullback", 2, {COMP: around(other)}), contender("random", 0, {COMP: around(0)})))
    assert alone.rivals == ("pullback",)  # of a conventional model


def test_a_conventional_model_has_a_first_one() -> None:
    given = evaluation(
        contender("saliency", 2, {COMP: around(0.2), SUFF: around(0.3)}),
        contender("occlusion", 20, {COMP: around(0.6), SUFF: around(0.1)}),
        contender("random", 0, {COMP: around(0.1), SUFF: around(0.4)}),
    )
    assert verdict(only(given)) == ["On m, Occlusion ranks first in all 2 scores."]
    chance = evaluation(contender("saliency", 2, {COMP: [0.1] * 6}), contender("random", 0, {COMP: [0.5] * 6}))
    assert verdict(only(chance)) == ["On m, random scores rank first."]


def test_models_are_ranked_apart_and_called_apart() -> None:
    one, other = hand_made("one"), hand_made("two")
    both = evaluation(*one.contenders, *other.contenders)
    assert [standing.checkpoint for standing in standings(both, both.rows())] == ["one", "two"]
    renamed = both.renamed({"/models/one": "mine", "/models/two": "mine"})
    assert [c.checkpoint for c in renamed.contenders[::5]] == ["mine", f"mine · {Path('/models/two').name}"]
    assert [standing.cells["bcos", COMP].of for standing in standings(renamed, renamed.rows())] == [5, 5]


def test_a_few_texts_show_nothing_though_all_point_one_way() -> None:
    """All gaps have one sign, so the bootstrap interval excludes 0; of 2^5 signs two give a mean as far: p = 1/16."""

    def better(texts: int) -> bool | None:
        gaps = [0.1 + 0.01 * place for place in range(texts)]
        ours = contender("bcos", 2, {COMP: gaps})
        chance = contender("random", 0, {COMP: [0.0] * texts})
        return evaluation(ours, chance).is_better(ours, chance, COMP)

    assert better(5) is False
    assert better(8) is True  # p = 1/128
    assert better(1) is None


def test_where_what_ignores_the_text_is_best_random_is_nothing_to_beat() -> None:
    given = evaluation(
        contender("bcos", 2, {"sensitivity": around(0.2)}),
        contender("occlusion", 20, {"sensitivity": around(0.3)}),
        contender("random", 0, {"sensitivity": [0.0] * 20}),
    )
    assert [row["beats_random"] for row in given.rows()] == [None] * 3
    assert not any("random" in sentence for sentence in verdict(only(given)))


@pytest.mark.parametrize("texts", [1, 5])
def test_texts_that_can_show_nothing_lead_to_no_claim(texts: int) -> None:
    """Of five texts all on one side, 2 of the 32 ways to give them signs are as far from 0: p = 0.06 at the least."""
    given = evaluation(
        contender("bcos", 2, {COMP: [0.9 + n / 100 for n in range(texts)]}),
        contender("saliency", 2, {COMP: [0.1] * texts}),
        contender("random", 0, {COMP: [0.0] * texts}),
    )
    first, why = verdict(only(given))
    assert first == f"{texts} text{'s' * (texts > 1)} cannot show that any method on m is better than another."
    assert why.startswith("That takes 6 or more")
