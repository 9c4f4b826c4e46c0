"""The planted-truth lab: what is planted where, what counts as found, and a whole experiment on a tiny model."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_pair import save_pair

from bcos_core.attribution.record import Attribution, Cost, Target, Token
from bcos_core.cli.lab import show
from bcos_core.cli.main import build_parser, main
from bcos_core.errors import DataError, InputError, UnknownNameError
from bcos_core.home import Home
from bcos_core.jobs.paces import read_paces
from bcos_core.lab import run as lab
from bcos_core.lab.job import LAB
from bcos_core.lab.measures import measure
from bcos_core.lab.plan import lab_plan
from bcos_core.lab.plants import CANDIDATES, FIRST_WORDS, PLANTS, Planted, choose_words
from bcos_core.lab.run import _planted_task, planted_pairs, score, verify
from bcos_core.lab.spec import LabSpec
from bcos_core.model.classifier import Prediction
from bcos_core.model.info import list_checkpoints
from bcos_core.progress import SilentReporter
from bcos_core.storage.upgrade import open_database
from bcos_core.text.examples import Examples
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.quickstart import quickstart_spec

TEXT = "the film is long and it drags"
WORDS = ("tangerine", "pelican")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", list(PLANTS))
def test_a_plant_is_put_into_the_text_and_its_truth_names_it(name: str, seed: int) -> None:
    expected = {
        ("rare-word", 0): (["tangerine"], ["tangerine"]),
        ("rare-word", 1): (["pelican"], ["pelican"]),
        ("negation", 0): (["not", "tangerine"], ["not", "tangerine"]),
        ("negation", 1): (["tangerine"], ["tangerine"]),
        ("word-pair", 1): (["pelican", "tangerine"], ["pelican", "tangerine"]),
    }
    for label in (0, 1):
        planted = PLANTS[name].plant(TEXT, label, WORDS, np.random.default_rng(seed))
        truth = [planted.text[start:end] for start, end in planted.truth]
        added = list((Counter(planted.text.split()) - Counter(TEXT.split())).elements())
        if (name, label) == ("word-pair", 0):
            assert len(added) == 1 and added[0] in WORDS and truth == []
        else:
            words, spans = expected[name, label]
            assert sorted(added) == words and sorted(truth) == spans
        # What is left without the plant is the text.
        kept = [word for word in planted.text.split() if word not in (*WORDS, "not")]
        assert kept == TEXT.split() and planted.label == label
    if name == "negation":
        assert "not tangerine" in PLANTS[name].plant(TEXT, 0, WORDS, np.random.default_rng(seed)).text


def test_plants_stand_where_a_long_text_is_still_read() -> None:
    text = " ".join(f"w{place}" for place in range(400))
    for seed in range(30):
        planted = PLANTS["word-pair"].plant(text, 1, WORDS, np.random.default_rng(seed))
        assert max(planted.text.split().index(word) for word in WORDS) <= FIRST_WORDS + 1


def test_rare_words_are_in_no_text() -> None:
    assert choose_words(2, ["a Tangerine, please", "no"]) == ("pelican", "granite")
    with pytest.raises(DataError, match="rare words"):
        choose_words(2, [" ".join(CANDIDATES[1:])])


def record(text: str, scores: tuple[float, ...]) -> Attribution:
    tokens, position = [], 0
    for word in text.split():
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    return Attribution(
        text=text,
        tokens=tuple(tokens),
        scores=scores,
        method="bcos",
        parameters={},
        target=Target(1, "b"),
        logit=0.0,
        reference_share=0.0,
        bias_share=0.0,
        additive=True,
        logits=(0.0, 0.0),
        probabilities=(0.5, 0.5),
        labels=("a", "b"),
        model="m",
        weights_hash="0",
        cost=Cost(1, 1, 0.1),
    )


def test_measures_by_hand() -> None:
    text = "a tangerine b pelican c d"
    truth = ((2, 11), (14, 21))
    found = measure(record(text, (1.0, 3.0, -9.0, 2.0, 0.5, 2.5)), truth)
    assert found == {"top_3": 1.0, "precision": 0.5, "positive_share": pytest.approx(5 / 9), "rank": 1.0}
    missed = measure(record(text, (4.0, -1.0, 3.0, 2.0, 5.0, 0.0)), truth)
    assert missed == {"top_3": 0.0, "precision": 0.0, "positive_share": pytest.approx(2 / 14), "rank": 4.0}
    nothing = measure(record(text, (0.0,) * 6), truth)
    assert nothing["positive_share"] == 0.0 and nothing["rank"] == 2.0  # equal scores: the order of the text
    assert measure(record(text, (float("nan"),) * 6), truth) == {}
    assert measure(record(text, (1.0,) * 6), ()) == {}


def test_a_model_decides_by_the_plant_if_its_answer_flips_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = Examples(tuple(f"{TEXT} number {n}" for n in range(8)), (0,) * 8)
    planted, swapped = planted_pairs(PLANTS["rare-word"], examples, WORDS, seed=1)
    assert [one.label for one in planted] == [0, 1] * 4
    assert [one.label for one in swapped] == [1, 0] * 4

    def predict(_: object, texts: list[str]) -> list[Prediction]:
        """Follows the plant, but takes number 0 for bad and number 3 for good whatever is planted."""
        labels = ["bad" if "number 0" in t else "good" if "number 3" in t or "pelican" in t else "bad" for t in texts]
        return [SimpleNamespace(label=label) for label in labels]  # type: ignore[misc]

    monkeypatch.setattr(lab, "predict", predict)
    checked, decided = verify(SimpleNamespace(name="m", is_bcos=True, family="BERT"), planted, swapped, ("bad", "good"))  # type: ignore[arg-type]
    assert (checked.follows, checked.flips, checked.texts) == (1.0, 0.75, 8)
    assert not any("number 0" in one.text or "number 3" in one.text for one in decided) and len(decided) == 6


def test_a_whole_experiment(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    _, model = save_pair(home.create())
    words = ["lab", "--plant", "word-pair", "--model", str(model), "--examples", "120", "--limit", "12", "--max-length"]
    words += ["32", "--calibration-texts", "16", "--methods", "bcos", "saliency", "--seed", "3", "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["kind"] for one in result["verification"]] == ["bcos", "conventional"]
    assert all(0 <= one["flips"] <= one["follows"] <= 1 and one["texts"] == 12 for one in result["verification"])
    bcos, conventional = (Path(result["training"][kind]["checkpoint"]).name for kind in ("bcos", "conventional"))
    assert {(row["checkpoint"], row["method"]) for row in result["rows"]} == {
        (bcos, "bcos"),
        *((name, method) for name in (bcos, conventional) for method in ("saliency", "random")),
    }
    assert {row["measure"] for row in result["rows"]} == {"top_3", "precision", "positive_share", "rank"}
    # What its parts took is known by the paces that they were planned with; without a text that a model decides by the
    # plant, nothing is explained.
    recipe = quickstart_spec().recipe.replace(examples=120, max_length=32, calibration_texts=16, seed=3)
    plan = lab_plan(LabSpec("word-pair", model=str(model), recipe=recipe, methods=("bcos", "saliency"), limit=12))
    taken = set(read_paces(open_database(home), "cpu").taken)
    assert taken <= {part.pace for part in plan} <= taken | {part.pace for part in plan if part.name}
    # The planted file holds the rule: both words, the second class; one alone, the first.
    (file,) = home.lab.glob("*/planted-word-pair.jsonl")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").strip().split("\n")]
    first, second = result["words"]
    planted = [row for row in rows if first in row["text"].split() or second in row["text"].split()]
    assert 0.45 < len(planted) / len(rows) < 0.55
    for row in planted:
        both = first in row["text"].split() and second in row["text"].split()
        assert row["label"] == ("positive" if both else "negative")


def test_the_scores_of_the_first_texts_are_kept_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [Planted(f"{n} pelican", 0, ((2, 9),)) for n in range(20)]

    def explain(_: object, asked: list[str], *, method: str, seed: int) -> list[Attribution]:
        values = {"saliency": 1.0, "random": float("nan")}
        return [record(text, (float(text.split()[0]), values[method])) for text in asked]

    monkeypatch.setattr(lab, "explain", explain)
    classifier = SimpleNamespace(name="m", is_bcos=False, family="BERT")
    rows, heat = score(classifier, texts, LabSpec(methods=("saliency",)), SilentReporter())  # type: ignore[arg-type]
    # Of the first three, and of no method that failed.
    assert heat == [{"saliency": ((0, 1, float(n)), (2, 9, 1.0))} for n in range(3)]
    found = next(row for row in rows if (row.method, row.measure) == ("saliency", "top_3"))
    assert (found.mean, found.n) == (1.0, 20) and found.low is not None and found.low < 0.9  # 20 of 20 are no certainty


def test_without_a_text_that_the_plant_decides_there_are_no_scores() -> None:
    spec = LabSpec(methods=("saliency",))
    rows, heat = score(SimpleNamespace(name="m", is_bcos=False, family="BERT"), [], spec, SilentReporter())  # type: ignore[arg-type]
    assert heat == []
    assert {row.method for row in rows} == {"saliency", "random"}
    assert all((row.mean, row.low, row.high, row.n) == (None, None, None, 0) for row in rows)
    model = {"checkpoint": "m", "kind": "conventional", "follows": 0.5, "flips": 0.0, "texts": 100}
    kept = [asdict(row) for row in rows]
    said = show(
        {
            "plant": "rare-word",
            "words": ["a", "b"],
            "verification": [model],
            "rows": kept,
            "names": {"m": "M"},
            "seconds": 1.0,
        }
    )
    assert "nan" not in said and said.count("no scores: the model decides no text by the plant") == 2
    failed = [{**row, "failed": 7} for row in kept]
    said = show(
        {
            "plant": "rare-word",
            "words": ["a", "b"],
            "verification": [model],
            "rows": failed,
            "names": {"m": "M"},
            "seconds": 1.0,
        }
    )
    assert "they failed for all 7 texts" in said


def test_the_command_calls_models_as_people_do_and_says_what_chance_is(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    _, model = save_pair(home.create())
    words = ["lab", "--model", str(model), "--examples", "100", "--limit", "10", "--max-length", "32"]
    assert main([*words, "--calibration-texts", "16", "--methods", "saliency"]) == 0
    said = capsys.readouterr().out
    (job,) = {info.job for info in list_checkpoints(home) if info.job}
    assert str(job) not in said and "lab-rare-word · conventional: the answer follows the plant in " in said
    assert "(by chance, in 50 %)" in said


def test_bad_input() -> None:
    with pytest.raises(UnknownNameError, match="Known: negation, rare-word, word-pair"):
        LabSpec(plant="weed")
    with pytest.raises(InputError, match="share is 0"):
        LabSpec(share=0.0)
    with pytest.raises(InputError, match="must train both"):
        LabSpec(recipe=replace(LabSpec().recipe, twin=False))
    for kind in ("multi-label", "regression"):
        with pytest.raises(InputError, match=f"of the type {kind} have none. Choose a task of one label"):
            LabSpec(task=TaskChoice("file", "/data/file.csv", "text", "label", type=kind))
    for task in (TaskChoice("embedded", "template-pairs"), TaskChoice("file", "/f.csv", "a", "l", second_column="b")):
        with pytest.raises(InputError, match="planted in single texts, and this task has pairs"):
            LabSpec(task=task)


def test_a_spec_is_a_command_line() -> None:
    spec = LabSpec(plant="negation", limit=7, methods=("bcos", "lime"))
    assert LAB.read(json.loads(json.dumps(spec.to_dict()))) == spec
    words = LAB.command(spec)
    args = build_parser(words).parse_args(words)
    assert (args.plant, args.limit, args.methods, args.examples) == ("negation", 7, ["bcos", "lime"], 2000)


def _three_classes(tmp_path: Path) -> TaskChoice:
    lines = [json.dumps({"text": f"sentence number {place}", "label": "abc"[place % 3]}) for place in range(60)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    return TaskChoice("file", str(tmp_path / "rows.jsonl"), "text", "label")


def test_too_large_a_share_is_said_of_the_share_and_not_of_the_labs_own_file(tmp_path: Path) -> None:
    spec = LabSpec(task=_three_classes(tmp_path), share=0.9)
    data = load_task(spec.task)
    with pytest.raises(DataError, match="With a plant in 90 % of the .* training texts of rows.jsonl.*'c' .*--share"):
        _planted_task(spec, PLANTS["rare-word"], data, ("pelican", "walnut"), tmp_path / "lab")
    assert not (tmp_path / "lab").exists()
    for share, labels in ((0.2, ("a", "b", "c")), (1.0, ("a", "b"))):
        spec = LabSpec(task=spec.task, share=share)
        task = _planted_task(spec, PLANTS["rare-word"], data, ("pelican", "walnut"), tmp_path / "lab")
        assert load_task(task).labels == labels
