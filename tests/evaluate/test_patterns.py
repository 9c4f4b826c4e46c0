"""What heatmaps look like: every figure by hand, against scipy, and as a command that takes what evaluations keep."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from scipy.stats import entropy, kendalltau
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.evaluate.other_seeds import other_seeds
from bcos_core.evaluate.patterns import PATTERNS, Heat, heat
from bcos_core.evaluate.patterns_job import PATTERNS_JOB, PatternsSpec, default_method, methods_for
from bcos_core.evaluate.patterns_run import run_patterns
from bcos_core.evaluate.patterns_table import Explained, agreement, pattern_rows
from bcos_core.home import Home
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.render.patterns import patterns_figure, patterns_table, shown_table
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.estimates import bootstrap
from bcos_core.text.pair import pair
from bcos_core.text.token import Token
from bcos_core.text.word_rates import WordRates

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
TEXT = "It isn't good, sadly!"
SPANS = [(0, 2), (3, 6), (6, 7), (7, 8), (9, 13), (13, 14), (15, 18), (18, 20), (20, 21)]
TOKENS = (Token("[CLS]", None, None), *(Token(TEXT[a:b], a, b) for a, b in SPANS), Token("[SEP]", None, None))
SCORES = (1.0, 0.5, -1.0, 0.0, -1.0, 2.0, 0.5, -3.0, -1.0, 1.0, 1.0)  # absolute: 10 on the text's own tokens, 12 in all
RATES = WordRates(Counter({"it": 20, "good": 5}), 10_000, 3)

EXPECTED = {
    "top_fifth": 0.5,  # two of nine tokens: sad 3, good 2
    "against": 0.6,  # isn 1, t 1, sad 3, ly 1
    "added": 2 / 12,
    "marks": 0.15,  # the comma and the exclamation mark; the apostrophe is part of a word
    "content": 0.6,  # good, sadly
    "function": 0.05,
    "negation": 0.2,
    "rare": 0.6,  # isn't and sadly, never met
    "frequent": 0.05,  # It: 20 of 10,000
    "first": 0.15,
    "middle": 0.35,
    "last": 0.5,
}


def heat_of(scores: Sequence[float] = SCORES, *, signed: bool = True) -> Heat:
    return heat(TEXT, TOKENS, scores, RATES, signed=signed)


def measured(one: Heat) -> dict[str, float | None]:
    return {name: PATTERNS[name].measure(one) for name in PATTERNS}


def test_every_pattern_of_one_text() -> None:
    found = measured(heat_of())
    assert {name: found[name] for name in EXPECTED} == pytest.approx(EXPECTED)
    shares = [abs(score) for score in SCORES[1:-1]]
    assert found["entropy"] == pytest.approx(entropy(shares, base=9))
    assert found["second_text"] is None and set(PATTERNS) == {*EXPECTED, "entropy", "second_text"}


def test_they_do_not_depend_on_the_size_of_the_scores() -> None:
    assert measured(heat_of([7 * score for score in SCORES])) == pytest.approx(measured(heat_of()))


def test_all_tokens_alike() -> None:
    found = measured(heat_of().alike)
    assert found["entropy"] == pytest.approx(1.0) and found["added"] == pytest.approx(2 / 11)
    wanted = {"top_fifth": 2 / 9, "marks": 2 / 9, "negation": 3 / 9, "content": 3 / 9, "first": 3 / 9}
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)


def test_what_is_not_defined_is_left_out() -> None:
    assert measured(heat_of(signed=False))["against"] is None
    nothing = measured(heat_of([1.0, *[0.0] * 9, 1.0]))
    assert nothing["added"] == 1.0 and all(value is None for name, value in nothing.items() if name != "added")
    alone = heat("good", (Token("good", 0, 4),), (2.0,), RATES, signed=True)
    assert measured(alone)["entropy"] is None and measured(alone)["top_fifth"] == 1.0


def test_thirds_and_shares_of_a_pair() -> None:
    text = pair("a b c", "d e f")
    tokens = tuple(Token(text[i], i, i + 1) for i in (0, 2, 4, 6, 8, 10))
    found = measured(heat(text, tokens, (1, 2, 3, 4, 5, 5), RATES, signed=True))
    assert found["second_text"] == pytest.approx(14 / 20)
    assert [found[name] for name in ("first", "middle", "last")] == pytest.approx([5 / 20, 7 / 20, 8 / 20])


def test_rows_are_means_with_paired_differences() -> None:
    flat = [1.0] * len(SCORES)
    first = {"a": heat_of(), "b": heat_of(flat), "c": heat_of(flat)}
    second = {"a": heat_of(flat), "b": heat_of(flat)}  # the method failed on c
    rows = {row.pattern: row for row in pattern_rows([first, second])}
    marks = rows["marks"]
    values = [0.15, 2 / 9, 2 / 9]
    assert marks.figures[0] is not None and marks.figures[1] is not None and marks.difference is not None
    estimate = bootstrap(values)
    assert (marks.figures[0].mean, marks.figures[0].low, marks.figures[0].n) == pytest.approx(
        (sum(values) / 3, estimate.low, 3)
    )
    assert (marks.figures[1].low, marks.figures[1].n) == (None, 2)  # all the same: no interval
    assert marks.difference.mean == pytest.approx((0.15 - 2 / 9) / 2) and marks.difference.n == 2
    assert marks.alike == pytest.approx((2 / 9, 2 / 9)) and rows["against"].alike == (None, None)
    assert all(row.p is not None and row.p_holm is not None and row.p_holm >= row.p for row in rows.values())


def explained(scores: Sequence[float], target: int = 1, text: str = "good dull film") -> Explained:
    places = [(0, 4), (5, 9), (10, 14)]
    return Explained(text, tuple(Token(text[a:b], a, b) for a, b in places), tuple(scores), target)


def test_agreement_is_kendalls_tau_over_texts_of_which_all_explain_the_same() -> None:
    one = {
        "t": explained((3, 1, 2)),
        "u": explained((1, 2, 3)),
        "v": explained((1, 2, 3), 0),
        "w": explained((1, 1, 1)),
    }
    other = {
        "t": explained((3, 2, 1)),
        "u": explained((3, 2, 1)),
        "v": explained((1, 2, 3), 1),
        "w": explained((1, 2, 3)),
    }
    found = agreement([one, other])
    assert found is not None and found.n == 2  # v: another class; w: one ranks nothing
    expected = [float(kendalltau((3, 1, 2), (3, 2, 1)).statistic), -1.0]
    assert found.mean == pytest.approx(sum(expected) / 2)
    third = {"t": explained((3, 1, 2))}
    of_three = agreement([one, other, third])  # t: three pairs, τ of 1/3, 1 and 1/3
    assert of_three is not None and of_three.mean == pytest.approx(((1 / 3 + 1 + 1 / 3) / 3 - 1.0) / 2)
    assert agreement([{"t": explained((1, 2, 3))}, {"t": explained((1, 2, 3), 0)}]) is None


@pytest.fixture
def trained(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK, recipe={"seed": 1, "b": 1.5})


def copy_with(folder: Path, name: str, **recipe: object) -> None:
    shutil.copytree(folder, folder.parent / name)
    file = folder.parent / name / "checkpoint.json"
    details = json.loads(file.read_text())
    file.write_text(json.dumps({**details, "recipe": {**details["recipe"], **recipe}}))


def test_models_of_other_seeds(trained: tuple[Path, Path]) -> None:
    copy_with(trained[0], "third", seed=3)
    copy_with(trained[0], "second", seed=2)
    copy_with(trained[0], "again", seed=3)  # a seed that is there
    copy_with(trained[0], "other", seed=4, b=2.0)  # another recipe
    copy_with(trained[1], "twin", seed=2)
    assert [info.path.name for info in other_seeds(read_info(trained[0]))] == ["second", "again"]
    assert [info.path.name for info in other_seeds(read_info(trained[1]))] == ["twin"]


def test_the_command_takes_what_evaluations_have_explained(
    trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [folder.name for folder in trained]
    assert main(["evaluate", *names, "--methods", "bcos", "pullback", "--limit", "30"]) == 0
    monkeypatch.setattr("bcos_core.evaluate.explainer.explain", None)
    capsys.readouterr()
    assert main(["patterns", names[0], "--limit", "30", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [model["method"] for model in result["models"]] == ["bcos", "pullback"] and result["texts"] == 30
    rows = {row["pattern"]: row for row in result["rows"]}
    kinds = [rows[name]["figures"][0]["mean"] for name in ("marks", "content", "function", "negation")]
    assert sum(kinds) == pytest.approx(1.0)
    assert sum(rows[name]["figures"][1]["mean"] for name in ("first", "middle", "last")) == pytest.approx(1.0)
    assert [row["seeds_of"] for row in result["agreements"]] == [""]
    for shape, said in (("text", "Speaks against"), ("markdown", "| Speaks against |"), ("csv", "difference: low")):
        assert main(["patterns", names[0], "--limit", "30", "--format", shape]) == 0
        assert said in capsys.readouterr().out


def test_seeds_are_explained_too(trained: tuple[Path, Path], home: Home) -> None:
    copy_with(trained[0], "second", seed=2)
    info = read_info(trained[0])
    spec = PatternsSpec.of([info], ["bcos"], limit=20, seed=0)
    found = run_patterns(spec, home=home, reporter=SilentReporter())
    (row,) = found.agreements
    assert (row.seeds_of, row.models) == (info.path.name, 2)
    assert row.figure is not None and row.figure.mean == pytest.approx(1.0)  # a copy of it
    table = patterns_table(found, {info.path.name: "<b>Mine</b>"})
    assert list(table["pattern"]) == [PATTERNS[one.pattern].title for one in found.rows]
    assert "difference" not in shown_table(found, {}) and len(patterns_figure(found, {}).data) == 2


@pytest.mark.parametrize("kind", ["multi-label", "regression"])
def test_other_types_of_task(kind: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_ROOTS", str(tmp_path))
    file = tmp_path / "data.csv"
    marks = (
        [f"{i % 5}.5" for i in range(80)]
        if kind == "regression"
        else [("kind;long", "noisy")[i % 2] for i in range(80)]
    )
    file.write_text("text,mark\n" + "\n".join(f"a film of number {i} is fine,{mark}" for i, mark in enumerate(marks)))
    labels = ("mark",) if kind == "regression" else None
    task = {"kind": "file", "name": str(file), "text_column": "text", "label_column": "mark", "hub_config": None}
    task |= {"type": kind, "separator": ";" if kind == "multi-label" else None, "rationale_column": None}
    folders = save_pair(home.create(), labels, kind=kind, task=task)
    infos = [read_info(folder) for folder in folders]
    spec = PatternsSpec.of(infos, [default_method(info) for info in infos], limit=20, seed=0)
    found = run_patterns(spec, home=home, reporter=SilentReporter())
    assert found.agreements[0].seeds_of == "" and {row.pattern for row in found.rows} >= {"entropy", "against"}


def test_killed_half_way_it_explains_the_rest_alone(trained: tuple[Path, Path], home: Home) -> None:
    info = read_info(trained[0])
    store = EvidenceStore(open_database(home))
    run_patterns(PatternsSpec.of([info], ["bcos"], limit=10, seed=0), home=home, reporter=SilentReporter())
    with store.database.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM evidence").scalar_one()
    run_patterns(PatternsSpec.of([info], ["bcos"], limit=15, seed=0), home=home, reporter=SilentReporter())
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM evidence").scalar_one() == before + 5


def test_what_is_refused(trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    bcos, twin = (str(folder) for folder in trained)
    with pytest.raises(InputError, match="one model or two"):
        PatternsSpec((bcos, twin), ("bcos",))
    with pytest.raises(InputError, match="given twice"):
        PatternsSpec((bcos, bcos), ("bcos", "bcos"))
    with pytest.raises(InputError, match="no pattern"):
        PatternsSpec((bcos,), ("random",))
    assert main(["patterns", twin, "--method", "bcos"]) == 2
    assert "cannot explain" in capsys.readouterr().err
    assert methods_for(read_info(trained[1]))[0] == "pullback" and "bcos" not in methods_for(read_info(trained[1]))


def test_the_job_is_known_by_models_data_and_what_is_asked(trained: tuple[Path, Path]) -> None:
    info = read_info(trained[0])
    spec = PatternsSpec.of([info], ["bcos"], limit=20, seed=0)
    assert PATTERNS_JOB.key(spec) != PATTERNS_JOB.key(PatternsSpec.of([info], ["occlusion"], limit=20, seed=0))
    before = PATTERNS_JOB.key(spec)
    copy_with(trained[0], "second", seed=2)
    assert PATTERNS_JOB.key(PatternsSpec.of([info], ["bcos"], limit=20, seed=0)) != before
    assert [part.stage for part in PATTERNS_JOB.parts(spec)] == [0, 1, 2]
