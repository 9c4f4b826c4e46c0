"""Rows, differences, the choice and the paragraph, from figures that are made up so that the answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcos_core.ablation.advice import SHIPPED, advice
from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.measures import ANSWERS, SECONDS, measures_of
from bcos_core.ablation.result import Ablation, Model, RowResult, choose, load_ablation
from bcos_core.ablation.saving import save_ablation
from bcos_core.ablation.sentence import UNSEEN, ablation_sentences
from bcos_core.ablation.spec import AblationSpec
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.render.ablation import ablation_figure, ablation_markdown, figures_table, summary_table
from bcos_core.storage.plain import to_plain
from bcos_core.tasks.registry import TASK_TYPES

TEXTS = [f"text {place}" for place in range(40)]
MEASURES = measures_of(TASK_TYPES["single-label"])
SCORE = next(one for one in MEASURES if one.name == "naopc")


def row(
    name: str, *, answers: float, score: float, kind: str = "bcos", towards: bool = False, seeds: int = 3
) -> RowResult:
    """Seeds differ by little, texts by much; in `answers` of the texts, in their order, the answer is right."""
    generator = np.random.default_rng(3)
    noise = generator.normal(0, 0.1, len(TEXTS))
    models = []
    for seed in range(seeds):
        right = {text: float(place < answers * len(TEXTS)) for place, text in enumerate(TEXTS)}
        values = {
            text: score + noise[place] + 0.01 * seed + 0.001 * place * seed for place, text in enumerate(TEXTS[:30])
        }
        found = {ANSWERS: right} if kind == "conventional" else {ANSWERS: right, "naopc": values}
        models.append(Model(seed, f"/cells/{name}-{seed}", 10.0 + seed, found))
    objective = "its labels, deletion consistency (weight 1)" if towards else "its labels"
    changes = {} if name in ("default", TWIN) else {"b": 2.0}
    return RowResult(name, changes, kind, objective, tuple(models))  # type: ignore[arg-type]


def ablation(*rows: RowResult) -> Ablation:
    chosen = choose(rows, MEASURES)
    return Ablation(
        "Short reviews",
        "single-label",
        "minilm",
        to_plain(AblationSpec()),
        rows,
        chosen,
        "How it was done.",
        (),
        (),
        1.0,
    )


DEFAULT = row("default", answers=0.8, score=0.7)


def test_a_difference_is_paired_by_seed_and_text() -> None:
    made = ablation(DEFAULT, row("B = 2", answers=0.8, score=0.75))
    (found,) = made.differences(SCORE)
    # The same noise of texts and seeds on both sides: what is left is the difference, up to rounding.
    assert found.found.mean == pytest.approx(0.05)
    assert found.found.seeds == 3 and found.found.texts == 30
    alone = made.rows[1].mean("naopc").estimate
    assert alone.high - alone.low > 0.05  # unpaired, it could not be seen


def test_only_texts_that_all_seeds_have_count() -> None:
    first = DEFAULT.models[0]
    less = {text: value for text, value in first.validation["naopc"].items() if text != TEXTS[0]}
    fewer = replace(DEFAULT, models=(replace(first, validation={"naopc": less}), *DEFAULT.models[1:]))
    assert fewer.table("naopc").shape == (3, 29)
    assert fewer.table(SECONDS).shape == (3, 1)
    assert fewer.table(ANSWERS).shape == (3, 0)


def test_the_best_score_is_chosen_among_recipes_that_are_not_shown_to_be_worse() -> None:
    better = row("B = 2", answers=0.8, score=0.8)
    worse = row("B = 2.5", answers=0.4, score=0.9)
    assert choose([DEFAULT, better, worse], MEASURES) == 1
    assert choose([DEFAULT, worse], MEASURES) == 0
    assert choose([DEFAULT, row("B = 1", answers=0.8, score=0.6)], MEASURES) == 0
    assert choose([DEFAULT, better, row(TWIN, answers=0.9, score=0.0, kind="conventional")], MEASURES) == 1


def noisy(of: RowResult, size: float) -> RowResult:
    generator = np.random.default_rng(5)
    models = [
        replace(
            model,
            validation={
                **model.validation,
                "naopc": {text: value + generator.normal(0, size) for text, value in model.validation["naopc"].items()},
            },
        )
        for model in of.models
    ]
    return replace(of, models=tuple(models))


def test_the_paragraph_follows_the_figures() -> None:
    clear = ablation_sentences(ablation(DEFAULT, noisy(row("B = 2", answers=0.8, score=0.8), 0.02)))
    assert clear[0].startswith("These figures support B = 2 instead of the default.")
    dim = ablation_sentences(ablation(DEFAULT, noisy(row("B = 2", answers=0.8, score=0.705), 0.3)))
    assert "support no change" in dim[0] and (UNSEEN in dim[0] or "no recipe" in dim[0])
    lower = ablation_sentences(ablation(DEFAULT, noisy(row("B = 2", answers=0.3, score=0.6), 0.02)))
    assert lower[0].startswith("These figures support no change: no recipe")
    assert any("B = 2 worse by 50.0 points" in said for said in lower)
    assert any("B = 2 worse by 0.1" in said for said in lower)


def test_where_the_best_mean_is_no_difference_that_can_be_seen_what_is_shown_to_be_better_is_supported() -> None:
    steady, best = noisy(row("B = 1", answers=0.8, score=0.8), 0.02), row("B = 2", answers=0.8, score=1.0)
    models = [  # one seed far below the default's, one far above
        replace(one, validation={**one.validation, "naopc": {t: v + by for t, v in one.validation["naopc"].items()}})
        for one, by in zip(best.models, (-0.9, 0.0, 0.9), strict=True)
    ]
    best = replace(best, models=tuple(models))
    made = ablation(DEFAULT, steady, best)
    assert made.rows[made.chosen] is best  # by its mean alone
    (first, *_) = ablation_sentences(made)
    assert first.startswith("These figures support B = 1 instead of the default: ")
    assert "B = 2 has the highest" in first and UNSEEN in first


@pytest.mark.parametrize("kind", list(TASK_TYPES))
def test_of_every_type_of_task_worse_answers_are_never_chosen(kind: str) -> None:
    measures = measures_of(TASK_TYPES[kind])
    answers = measures[0]
    assert answers.name == ANSWERS and answers.title == TASK_TYPES[kind].each_metric.title
    low, high = (row(f"at {share}", answers=share, score=0.7 + (share == 0.3) * 0.1) for share in (0.3, 0.8))
    better, worse = (high, low) if answers.higher_is_better else (low, high)
    best = replace(row("best", answers=0.5, score=0.95), models=_answering(worse, score_of=0.95))
    assert choose([better, best], measures) == 0
    assert choose([worse, replace(best, models=_answering(better, score_of=0.95))], measures) == 1


def _answering(of: RowResult, *, score_of: float) -> tuple[Model, ...]:
    scored = row("any", answers=0.5, score=score_of).models
    return tuple(
        replace(one, validation={**one.validation, ANSWERS: other.validation[ANSWERS]})
        for one, other in zip(scored, of.models, strict=True)
    )


def test_what_limits_the_figures_is_said() -> None:
    one = ablation_sentences(
        ablation(row("default", answers=0.8, score=0.7, seeds=1), row("B = 2", answers=0.8, score=0.7, seeds=1))
    )
    assert any("another seed may say otherwise" in said for said in one)
    trained = ablation(DEFAULT, row("consistency", answers=0.8, score=0.9, towards=True))
    assert any("Consistency: training asked for" in said for said in ablation_sentences(trained))


def test_the_tables_have_every_figure() -> None:
    twin = row(TWIN, answers=0.9, score=0.0, kind="conventional")
    made = ablation(DEFAULT, noisy(row("B = 2", answers=0.8, score=0.9), 0.01), twin)
    summary = summary_table(made)
    assert summary["recipe"].tolist() == ["default", "B = 2", TWIN]
    assert summary[SCORE.title].tolist()[1].endswith("better") and summary[SCORE.title].tolist()[2] == "–"
    table = figures_table(made)
    assert len(table) == 3 * 2 + 2  # of answers and time all, of the score those that have one
    assert table.loc[table["recipe"] == "B = 2", "b"].unique().tolist() == [2.0]
    shown = table[(table["recipe"] == "B = 2") & (table["measure"] == SCORE.title)].iloc[0]
    assert shown["difference"] == pytest.approx(0.2, abs=0.01) and shown["shown"]
    text = ablation_markdown(made)
    assert "| B = 2 |" in text and "How it was done." in text
    assert len(ablation_figure(made, SCORE).data) == 2


def test_an_option_has_its_figures_beside_its_field(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    assert "Short reviews" not in str(advice(home))  # only what comes with the program
    better = noisy(row("B = 2", answers=0.8, score=0.8), 0.02)
    kept = replace(row("biases kept, B = 2", answers=0.8, score=0.9), changes={"biases": "kept", "b": 2.0})
    save_ablation(ablation(DEFAULT, better, kept), home.ablations / "one")
    said = advice(home)
    assert said["b"].startswith("Measured on Short reviews, 3 seeds, against B = 1.5.")
    assert (
        "B = 2 better by 0.09" in said["b"] and "Accuracy: no difference can be seen for B = 2 (0 points)." in said["b"]
    )
    assert "kept" not in said["b"] and "biases" not in said  # never varied alone
    (home.ablations / "one" / "ablation.json").write_text("{")
    assert "Short reviews, 3 seeds" not in str(advice(home))


def test_it_is_kept_and_read_again(tmp_path: Path) -> None:
    made = ablation(DEFAULT, row("B = 2", answers=0.8, score=0.9))
    save_ablation(made, tmp_path / "one")
    again = load_ablation(tmp_path / "one")
    assert again.differences(SCORE)[0].found == made.differences(SCORE)[0].found
    (tmp_path / "one" / "ablation.json").write_text("{}")
    with pytest.raises(InputError, match="not as it should be"):
        load_ablation(tmp_path / "one")


def test_what_comes_with_the_program_can_be_read_and_names_no_machine(tmp_path: Path) -> None:
    folders = [path for path in SHIPPED.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        made = load_ablation(folder)
        assert all("/" not in model.checkpoint for one in made.rows for model in one.models)
    said = advice(Home(tmp_path).create())
    assert {"b", "consistency", "learning_rate"} <= set(said)
    assert all("Measured on Short movie sentences, 3 seeds" in words for words in said.values())
