"""Progress of an evaluation is in work, not in texts, and what was measured before is known from the start."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import DataError
from bcos_core.evaluate import run as evaluation_run
from bcos_core.evaluate.plan import CURVES, SINGLES, part_of, pass_seconds, pointing_part_of
from bcos_core.evaluate.pointing import Pair
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.work import Work
from bcos_core.home import Home
from bcos_core.later import Later
from bcos_core.model.info import read_info, trained_on
from bcos_core.progress import SilentReporter
from bcos_core.text.tasks import load_task

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK)


def test_a_text_counts_what_its_tokens_cost_each_part(pair: tuple[Path, Path]) -> None:
    texts = ("good", "a good film with a good end")
    # 1.35 tokens a word, and two special ones; both fit into what the model reads.
    short, long = 1.35 * 1 + 2, 1.35 * 7 + 2
    one, many = (pass_seconds(read_info(pair[0]), tokens) for tokens in (short, long))
    scores = ("comprehensiveness", "taucorr_loo")
    spec = EvaluationSpec((str(pair[0]),), ("bcos", "occlusion", "lime"), scores)
    work = Work(spec, read_info(pair[0]), texts, ())
    expected = {
        part_of("bcos"): (0.002 + 2 * many, 0.002 + 2 * many),  # in one batch, as long as the longer
        part_of("occlusion"): (0.002 + (1 + long) * many, 0.002 + (1 + long) * many),
        part_of("lime"): (0.002 + 101 * one, 0.002 + 101 * many),  # each text alone
        part_of("random"): (0.002 + one, 0.002 + many),  # asks for the answer
        SINGLES: (short * one, long * many),
        CURVES: (0.65 * 20 * one, 0.65 * 20 * many),
    }
    for part, seconds in expected.items():
        for text, wanted in zip(texts, seconds, strict=True):
            assert work.units(part, [text]) == pytest.approx(1e6 * wanted, abs=1)
        times = 4 if part == CURVES else 1
        assert work.totals[part] == times * sum(work.units(part, [text]) for text in texts)


def test_a_text_is_as_wide_as_the_longest_of_its_chunk(pair: tuple[Path, Path]) -> None:
    """Four texts at first, which tell how long every part takes, then sixteen at a time, the longest first."""
    texts = ["good " * words for words in range(1, 23)]
    work = Work(EvaluationSpec((str(pair[0]),), ("bcos",)), read_info(pair[0]), texts, ())
    limit = read_info(pair[0]).max_length
    longest = [22] * 4 + [18] * 16 + [2] * 2  # words
    for text, words in zip(reversed(texts), longest, strict=True):
        wanted = 0.002 + 2 * pass_seconds(read_info(pair[0]), min(limit, 1.35 * words + 2))
        assert work.units(part_of("bcos"), [text]) == pytest.approx(1e6 * wanted, abs=1)


def test_what_a_model_does_not_read_is_no_work(pair: tuple[Path, Path]) -> None:
    info = read_info(pair[0])
    full, longer = ("word " * count for count in (info.max_length, 2 * info.max_length))
    joined = Pair(full, 5, (0, 1))  # a pair may be longer than what was trained on
    work = Work(EvaluationSpec((str(pair[0]),), ("bcos",)), info, (full, longer), (joined,))
    assert work.units(part_of("bcos"), [full]) == work.units(part_of("bcos"), [longer])
    assert work.units(pointing_part_of("bcos"), [joined]) >= 2 * work.units(part_of("bcos"), [full]) - 1  # two classes


def test_what_a_method_imports_is_there_before_its_first_text(
    pair: tuple[Path, Path], home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_method.py").write_text("from bcos_core.attribution.gradients import saliency\n")
    monkeypatch.syspath_prepend(tmp_path)
    method = replace(METHODS["saliency"], attribute=Later("slow_method", "saliency"))
    monkeypatch.setitem(METHODS._entries, "saliency", method)

    class Looks(SilentReporter):
        def stage(self, title: str, index: int, count: int) -> None:
            assert ("slow_method" in sys.modules) == (index > 0)

    run_evaluation(EvaluationSpec((str(pair[0]),), ("saliency",), limit=6), home=home, name="one", reporter=Looks())
    assert sys.modules.pop("slow_method")


class Given(SilentReporter):
    """The shares that were there already, by stage and part, before the first model's stage."""

    def __init__(self) -> None:
        self.present = 0
        self.shares: dict[tuple[int, str], float] = {}
        self.declared: dict[tuple[int, str], float] = {}

    def stage(self, title: str, index: int, count: int) -> None:
        self.present = index

    def declare(self, seconds: float, part: str, stage: int) -> None:
        self.declared[stage, part] = seconds

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        if self.present == 0:
            assert stage is not None
            self.shares[stage, part] = done / total if total else 1.0


def test_what_was_measured_of_any_model_is_told_before_the_first_begins(pair: tuple[Path, Path], home: Home) -> None:
    def given(*paths: Path, **changes: object) -> dict[tuple[int, str], float]:
        told = Given()
        asked = {"scores": ("comprehensiveness", "taucorr_loo", "seqpg"), "pairs": 3, "pointing_length": 4}
        spec = EvaluationSpec(tuple(map(str, paths)), ("occlusion",), **{**asked, **changes})  # type: ignore[arg-type]
        run_evaluation(spec, home=home, name="one", reporter=told)
        return told.shares

    parts = [f"{what} {method}" for what in ("explain", "point") for method in ("occlusion", "random")]
    everything = {*parts, CURVES, SINGLES}
    assert set(given(pair[1], limit=6).values()) == {0.0}
    both = given(*pair, limit=6)
    assert both == {(stage, part): stage - 1.0 for stage in (1, 2) for part in everything}
    assert set(given(*pair, limit=6).values()) == {1.0}
    more = given(*pair, limit=12)
    assert all(0.0 < more[stage, part_of("occlusion")] < 1.0 for stage in (1, 2))
    assert more[2, pointing_part_of("occlusion")] == 1.0


def test_what_is_left_out_is_not_waited_for(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> object:
        raise DataError("There are no pairs.")

    monkeypatch.setattr(evaluation_run, "make_pairs", none)
    told = Given()
    spec = EvaluationSpec((str(pair[0]),), ("lime",), ("comprehensiveness", "seqpg"), limit=6)
    run_evaluation(spec, home=home, name="one", reporter=told)
    pointing = {(1, "point lime"): 1.0, (1, "point random"): 1.0}
    assert told.shares == {(1, "explain lime"): 0.0, (1, "explain random"): 0.0, (1, CURVES): 0.0, **pointing}
    assert told.declared[1, "point lime"] <= 0.01


def test_how_much_work_the_texts_are_is_told_before_the_first_model_begins(pair: tuple[Path, Path], home: Home) -> None:
    told = Given()
    spec = EvaluationSpec((str(pair[0]),), ("lime",), limit=6)
    run_evaluation(spec, home=home, name="one", reporter=told)
    info = read_info(pair[0])
    texts = load_task(trained_on(info)).test.take(6, 0).texts
    forward = [pass_seconds(info, min(info.max_length, 1.35 * len(text.split()) + 2)) for text in texts]
    assert told.declared == {
        (1, "explain lime"): pytest.approx(6 * 0.002 + 101 * sum(forward), abs=1e-4),
        (1, "explain random"): pytest.approx(6 * 0.002 + sum(forward), abs=1e-4),
        (1, CURVES): pytest.approx(2 * 0.65 * 20 * sum(forward), abs=1e-4),
    }
