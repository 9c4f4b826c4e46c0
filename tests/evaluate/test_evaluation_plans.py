"""Evaluations, audits and vocabularies tell of the parts that they were planned to have; dearer ones are planned so."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned import PartsTold
from tiny_pair import save_pair

from bcos_core.evaluate.audit_run import run_audit
from bcos_core.evaluate.plan import SORTED, audit_plan, evaluation_plan, explaining, retest_plan, vocabulary_plan
from bcos_core.evaluate.retest_run import run_retest
from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.home import Home
from bcos_core.jobs.part import OPERATIONS_PER_SECOND, Part
from bcos_core.model.info import read_info, trained_on
from bcos_core.model.size import model_size
from bcos_core.text.size import task_size

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
ALL = tuple(score.name for score in SCORES.values() if score.evidence != "rationale")


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK)


def spec(*paths: Path, **changes: object) -> EvaluationSpec:
    given = {"methods": ("bcos", "occlusion"), "scores": ALL, "limit": 12, "pairs": 3, "pointing_length": 4}
    given |= {"bounded_texts": 3, "bounded_length": 12, "beam_width": 1} | changes
    return EvaluationSpec(tuple(map(str, paths)), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("scores", [ALL, ("comprehensiveness",), ("seqpg",)])
def test_an_evaluation_has_its_planned_parts_also_where_all_is_known(
    pair: tuple[Path, Path], home: Home, scores: tuple[str, ...]
) -> None:
    asked = spec(*pair, scores=scores)
    for name in ("first", "again"):
        told = PartsTold()
        run_evaluation(asked, home=home, name=name, reporter=told)
        told.assert_as_planned(evaluation_plan(asked))


def test_audits_and_vocabularies_have_their_planned_parts(pair: tuple[Path, Path], home: Home) -> None:
    models = [read_info(path) for path in pair]
    told = PartsTold()
    run_audit(models[0], models[1], home=home, reporter=told)
    told.assert_as_planned(audit_plan(models))
    told = PartsTold()
    run_vocabulary(models[0], method="bcos", limit=5, seed=0, home=home, reporter=told)
    told.assert_as_planned(vocabulary_plan(models[0], "bcos", 5))
    told = PartsTold()
    run_retest(RetestSpec(str(pair[0]), "the", 1, "bcos", limit=20), home=home, reporter=told)
    told.assert_as_planned(retest_plan(models[0], "bcos", 20))


def part(plan: list[Part], name: str) -> Part:
    return next(one for one in plan if one.name == name)


def test_a_method_is_planned_by_its_passes(pair: tuple[Path, Path]) -> None:
    plan = evaluation_plan(spec(pair[0], methods=("bcos", "lime"), limit=100))
    info = read_info(pair[0])
    tokens = min(task_size(trained_on(info)).tokens, info.max_length)
    longest = min(1.35 * task_size(trained_on(info)).tokens, info.max_length)
    forward, padded = (
        (0.0007 + model_size(pair[0]).forward(width) / OPERATIONS_PER_SECOND) / 0.9 for width in (tokens, longest)
    )
    assert part(plan, "explain bcos").seconds == pytest.approx(100 * (0.002 + 2 * padded))  # a batch at once
    assert part(plan, "explain lime").seconds == pytest.approx(100 * (0.002 + 101 * forward))  # each text alone
    assert part(plan, "explain random").seconds == pytest.approx(100 * (0.002 + forward))  # the model's answer
    assert part(plan, "curves").seconds == pytest.approx(100 * 3 * 0.65 * 20 * forward)  # with random: three methods


def test_a_pass_of_a_bcos_model_takes_a_ninth_longer(pair: tuple[Path, Path]) -> None:
    bcos, conventional = (
        explaining(0, read_info(path), "lime", texts=10, tokens=5.0).seconds - 10 * 0.002 for path in pair
    )
    assert bcos == pytest.approx(conventional * 10 / 9)


def test_texts_that_are_not_sorted_are_padded_further(pair: tuple[Path, Path]) -> None:
    info = read_info(pair[0])

    def seconds(method: str, **given: float) -> float:
        return explaining(0, info, method, texts=10, tokens=5.0, **given).seconds

    def forward(tokens: float) -> float:
        return (0.0007 + model_size(pair[0]).forward(tokens) / OPERATIONS_PER_SECOND) / 0.9

    assert info.max_length >= 9.0
    assert seconds("occlusion") == pytest.approx(10 * (0.002 + (1 + 9.0) * forward(9.0)))  # 1.8 times the mean
    assert seconds("occlusion", longest=SORTED) == pytest.approx(10 * (0.002 + (1 + 6.75) * forward(6.75)))
    assert seconds("lime") == seconds("lime", longest=SORTED) == pytest.approx(10 * (0.002 + 101 * forward(5.0)))


def test_options_have_a_pace_of_their_own(pair: tuple[Path, Path]) -> None:
    asked = spec(pair[0], methods=("integrated_gradients",), options={"integrated_gradients": {"steps": 2}})
    name = "explain integrated_gradients"
    assert part(evaluation_plan(asked), name).pace == 'explain integrated_gradients bcos {"steps": 2}'


def test_pairs_have_a_price_and_are_planned_up_to_as_many_as_the_test_set_makes(pair: tuple[Path, Path]) -> None:
    most = task_size(trained_on(read_info(pair[0]))).test // 2

    def seconds(pairs: int) -> float:
        return part(evaluation_plan(spec(pair[0], pairs=pairs)), "point bcos").seconds

    assert seconds(most) == pytest.approx(most / 10 * seconds(10)) and seconds(100 * most) == seconds(most)


def test_a_test_set_smaller_than_the_limit_is_what_is_planned_for(pair: tuple[Path, Path]) -> None:
    size = task_size(trained_on(read_info(pair[0]))).test
    whole, more = (evaluation_plan(spec(pair[0], limit=limit)) for limit in (size, 10 * size))
    assert [one.seconds for one in whole] == [one.seconds for one in more]
