"""Explainers with a fault each are found out, each by the tests that are for it; an honest one is not."""

from __future__ import annotations

import pytest
from planted import METHODS as PLANTED
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.trust.result import TrustReport
from bcos_core.trust.run import run_trust
from bcos_core.trust.spec import TrustSpec

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> TrustReport:
    """Of all planted methods beside B-cos contributions and random scores, on a tiny model."""
    home = Home(tmp_path_factory.mktemp("planted")).create()
    folder, _ = save_pair(home, task=TASK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BCOS_HOME", str(home.root))
        patch.setattr(METHODS, "_entries", {**METHODS._entries, **PLANTED})
        found = run_trust(TrustSpec(str(folder), ("bcos", *PLANTED), 40), home=home, reporter=SilentReporter())
    return found


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
