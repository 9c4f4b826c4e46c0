"""Explainers with a fault each are found out, each by the tests that are for it; an honest one is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planted import METHODS as PLANTED
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.trust.result import TrustReport
from bcos_core.trust.run import run_trust
from bcos_core.trust.spec import TrustSpec


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> TrustReport:
    """Of all planted methods beside B-cos contributions and random scores, on a tiny model."""
    home = Home(tmp_path_factory.mktemp("planted")).create()
    folder = movable(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BCOS_HOME", str(home.root))
        patch.setattr(METHODS, "_entries", {**METHODS._entries, **PLANTED})
        return run_trust(TrustSpec(str(folder), ("bcos", *PLANTED), 36), home=home, reporter=SilentReporter())


def movable(home: Home) -> Path:
    """A tiny model that gives a score, which single words move: no probability that stays at its end."""
    texts = load_task(TaskChoice("embedded", "short-reviews")).test.texts[:400]
    rows = [json.dumps({"text": text, "stars": len(text) / 20 + n % 7}) for n, text in enumerate(texts)]
    (home.root / "scores.jsonl").write_text("\n".join(rows))
    choice = TaskChoice("file", str(home.root / "scores.jsonl"), "text", "stars", type="regression")
    folder, _ = save_pair(home, kind="regression", task=choice.to_dict())
    return folder


def failed(report: TrustReport, method: str) -> set[str]:
    return {one.test for one in report.of(method) if one.state == "failed"}


@pytest.mark.parametrize(
    ("method", "tests"),
    [
        ("by_length", {"cascade", "cascade_strengths", "layers"}),
        ("by_token", {"cascade", "cascade_strengths", "layers"}),
        ("by_place", {"cascade", "cascade_strengths", "layers", "masked"}),
        ("by_place_and_model", {"layers", "masked"}),
        ("by_dice", {"again", "alone", "padded", "precision"}),
        ("by_neighbour", {"alone"}),
        ("by_padding", {"padded"}),
        ("by_digits", {"precision"}),
        ("random", {"cascade", "cascade_strengths", "layers", "seeds"}),
    ],
)
def test_a_planted_fault_is_found(report: TrustReport, method: str, tests: set[str]) -> None:
    assert tests <= failed(report, method)


def test_nothing_is_found_with_b_cos(report: TrustReport) -> None:
    assert failed(report, "bcos") == set()
    assert {one.test for one in report.of("bcos") if one.state == "passed"} >= {"cascade", "again", "alone", "padded"}


def test_a_method_is_not_blamed_for_what_it_does_not_do(report: TrustReport) -> None:
    for method in ("by_length", "by_token", "by_place"):
        assert not failed(report, method) & {"again", "alone", "padded", "precision", "seeds"}
    for method in ("by_neighbour", "by_padding", "by_digits"):
        assert not failed(report, method) & {"cascade", "again"}


def test_twenty_seeds_raise_no_false_alarm(home: Home) -> None:
    """Other texts, other shuffles: at a level of 5 %, at most one of twenty runs might have a fault by chance."""
    folder = movable(home.create())
    for seed in range(20):
        found = run_trust(TrustSpec(str(folder), ("bcos",), 14, seed), home=home, reporter=SilentReporter())
        assert failed(found, "bcos") == set(), seed
        assert {"cascade", "cascade_strengths", "layers", "seeds"} <= failed(found, "random"), seed
