"""A whole evaluation on tiny checkpoints: rows, protocols, what is kept, and what stops half-way."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_pair import save_pair

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.registry import METHODS
from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError, JobCancelled, NotFiniteError, UnknownNameError
from bcos_core.evaluate import audit_run, gather, vocabulary_run
from bcos_core.evaluate import explainer as explainers
from bcos_core.evaluate import run as evaluation_run
from bcos_core.evaluate.audit_run import run_audit
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.plan import not_measured
from bcos_core.evaluate.result import Evaluation, load_evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_run import run_vocabulary
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.render.report import evaluation_html
from bcos_core.render.scoreboard import leaderboard_table
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.tasks.estimates import bootstrap
from bcos_core.text.tasks import TaskChoice

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
ALL = tuple(score.name for score in SCORES.values() if score.evidence != "rationale")  # no rationales here


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create(), task=TASK)


def spec(*paths: Path, methods: tuple[str, ...] = ("bcos", "occlusion"), **changes: object) -> EvaluationSpec:
    given = {"scores": ("comprehensiveness", "sufficiency"), "limit": 12, "pairs": 3, "pointing_length": 4}
    given |= {"bounded_texts": 3, "bounded_length": 12, "beam_width": 1} | changes
    return EvaluationSpec(tuple(map(str, paths)), methods, **given)  # type: ignore[arg-type]


def evaluate(given: EvaluationSpec, home: Home, reporter: SilentReporter | None = None) -> Evaluation:
    return run_evaluation(given, home=home, name="one", reporter=reporter or SilentReporter())


def count_explanations(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many texts each method is asked about from now on."""
    asked: Counter[str] = Counter()
    original = explainers.explain

    def counting(classifier: object, texts: list[str], *, method: str, **options: object) -> object:
        asked[method] += len(texts)
        return original(classifier, texts, method=method, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(explainers, "explain", counting)
    return asked


def test_a_pointing_game_without_pairs_is_left_out_and_the_other_scores_are_not(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> object:
        raise DataError("There are no pairs.")

    monkeypatch.setattr(evaluation_run, "make_pairs", none)
    evaluation = evaluate(spec(pair[0], scores=("seqpg", "comprehensiveness")), home)
    assert evaluation.scores == ("comprehensiveness",)
    assert evaluation.skipped == ({"score": "seqpg", "reason": "There are no pairs."},)
    with pytest.raises(DataError, match="no pairs"):
        evaluate(spec(pair[0], scores=("seqpg",)), home)


def test_folders_of_one_name_are_refused(pair: tuple[Path, Path], home: Home, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / pair[0].name
    shutil.copytree(pair[0], other)
    with pytest.raises(InputError, match="folders of the same name"):
        evaluate(spec(pair[0], other, methods=("bcos",), limit=2), home)


def test_curves_have_the_interval_of_each_point(pair: tuple[Path, Path], home: Home) -> None:
    evaluation = evaluate(spec(pair[0], methods=("bcos",)), home)
    one = evaluation.contenders[0]
    for name in ("deletion", "insertion"):
        assert len(one.bands[name]) == len(one.curves[name]) == 11
        for mean, band in zip(one.curves[name], one.bands[name], strict=True):
            assert band is not None and band[0] < mean < band[1]
    kept = load_evaluation(home.evaluations / "one").contenders[0].bands
    assert json.dumps(kept) == json.dumps(one.bands)


def test_every_number_has_its_interval_its_cost_and_its_protocol(pair: tuple[Path, Path], home: Home) -> None:
    evaluation = evaluate(spec(*pair, methods=("bcos", "occlusion"), scores=ALL), home)
    rows = evaluation.rows()
    contenders = {(row["checkpoint"], row["method"]) for row in rows}
    assert contenders == {
        ("tiny-bcos", "bcos"),
        ("tiny-bcos", "occlusion"),
        ("tiny-bcos", "random"),
        ("tiny-conventional", "occlusion"),
        ("tiny-conventional", "random"),
    }
    assert len(rows) == len(contenders) * len(ALL)
    assert [(row["checkpoint"], row["method"]) for row in evaluation.skipped] == [("tiny-conventional", "bcos")]
    for row in rows:
        values = list(evaluation.contender(f"{row['method']}@{row['checkpoint']}").values[row["score"]].values())
        assert row["n"] == len(values)
        if values:
            assert row["mean"] == pytest.approx(sum(values) / len(values))
            assert (row["low"], row["high"]) == (bootstrap(values).low, bootstrap(values).high)
        assert row["protocol"]["summary"] and row["protocol"]["task"]
        nothing_to_beat = row["method"] == "random" or SCORES[row["score"]].beatable_by_chance
        assert (row["beats_random"] is None) == (nothing_to_beat or len(values) < 2)
    costs = {row["method"]: (row["forward_passes"], row["backward_passes"]) for row in rows}
    assert costs["bcos"] == (1, 1) and costs["random"] == (0, 0) and costs["occlusion"][0] > 5
    protocol = next(row for row in rows if row["score"] == "seqpg")["protocol"]
    assert protocol["pairs_from"] == "tiny-conventional" and protocol["tokens_per_half"] == 4
    # What is stored is what was returned.
    assert json.dumps(load_evaluation(home.evaluations / "one").rows()) == json.dumps(rows)


def test_what_is_the_same_on_a_b_cos_model_is_measured_there_once(pair: tuple[Path, Path], home: Home) -> None:
    """The pullback of a B-cos model is its contributions, with other options it is not."""
    evaluation = evaluate(spec(*pair, methods=("bcos", "pullback")), home)
    assert [(one.checkpoint, one.method) for one in evaluation.contenders if one.method != "random"] == [
        ("tiny-bcos", "bcos"),
        ("tiny-conventional", "pullback"),
    ]
    assert "the same as B-cos contributions" in evaluation.skipped[0]["reason"]
    alone = spec(pair[0], methods=("pullback",))
    assert not not_measured(alone, is_bcos=True, family="", answers="single-label")
    averaged = spec(pair[0], methods=("averaged_bcos", "averaged_pullback"), options={"averaged_bcos": {"copies": 2}})
    assert not not_measured(averaged, is_bcos=True, family="", answers="single-label")


def test_differences_are_paired(pair: tuple[Path, Path], home: Home) -> None:
    evaluation = evaluate(spec(pair[0]), home)
    found = {(row["method"], row["score"]): row for row in evaluation.differences("bcos@tiny-bcos")}
    assert set(found) == {(m, s) for m in ("occlusion", "random") for s in ("comprehensiveness", "sufficiency")}
    ours = evaluation.contender("bcos@tiny-bcos").values["sufficiency"]
    theirs = evaluation.contender("occlusion@tiny-bcos").values["sufficiency"]
    gaps = [theirs[item] - ours[item] for item in theirs]
    row = found["occlusion", "sufficiency"]
    assert row["n"] == 12 and row["mean"] == pytest.approx(sum(gaps) / 12)
    assert row["p"] <= row["p_holm"] <= min(1.0, 2 * row["p"]) + 1e-12
    with pytest.raises(InputError, match="occlusion@tiny-bcos"):
        evaluation.differences("magic")


def test_what_is_known_is_not_computed_again(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = evaluate(spec(pair[0]), home)
    asked = count_explanations(monkeypatch)
    assert evaluate(spec(pair[0]), home).rows() == first.rows()
    assert asked == {}
    # Another method: only that. More texts: only those.
    evaluate(spec(pair[0], methods=("bcos", "occlusion", "saliency")), home)
    assert asked == {"saliency": 12}
    asked.clear()
    more = evaluate(spec(pair[0], limit=15), home)
    assert asked == {"bcos": 3, "occlusion": 3, "random": 3}
    assert set(first.contenders[0].values["sufficiency"]) < set(more.contenders[0].values["sufficiency"])


def test_other_options_are_other_evidence(pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(spec(pair[0], methods=("integrated_gradients",), options={"integrated_gradients": {"steps": 2}}), home)
    asked = count_explanations(monkeypatch)
    evaluate(spec(pair[0], methods=("integrated_gradients",), options={"integrated_gradients": {"steps": 3}}), home)
    assert asked == {"integrated_gradients": 12}
    # The reference follows the removal, so that both ask the same question; random scores have none.
    asked.clear()
    evaluate(spec(pair[0], methods=("bcos",), removal="pad"), home)
    assert asked == {"bcos": 12}


class StopsAfter(SilentReporter):
    def __init__(self, calls: int) -> None:
        self.calls = calls

    def progress(self, done: float, total: float, part: str = "") -> None:
        self.calls -= 1
        if self.calls < 0:
            raise JobCancelled("Stopped.")


def test_an_evaluation_that_was_stopped_goes_on(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "CHUNK", 4)
    with pytest.raises(JobCancelled):
        evaluate(spec(pair[0]), home, StopsAfter(5))
    assert not (home.evaluations / "one").exists()
    asked = count_explanations(monkeypatch)
    resumed = evaluate(spec(pair[0]), home)
    assert asked["bcos"] < 12
    fresh = evaluate(spec(pair[0]), Home(home.root / "other").create())
    assert resumed.rows() == [{**row, "seconds": pytest.approx(row["seconds"], abs=10)} for row in fresh.rows()]


def test_scores_do_not_depend_on_who_is_in_the_batch(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = ("bcos", "integrated_gradients", "lime", "attention_rollout")
    together = evaluate(spec(pair[0], methods=methods), home)
    for name in ("FIRST_CHUNK", "CHUNK"):
        monkeypatch.setattr(gather, name, 1)
    alone = evaluate(spec(pair[0], methods=methods), Home(home.root / "other").create())
    for one, other in zip(together.contenders, alone.contenders, strict=True):
        for score in one.values:
            assert one.values[score] == pytest.approx(other.values[score], abs=1e-5)


def test_failed_scores_are_counted_and_never_ranked(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    saliency = METHODS["saliency"]

    def sometimes(inputs: MethodInput) -> MethodOutput:
        output = saliency.attribute(inputs)
        scores = output.scores.clone()
        scores[0, 1] = math.nan  # one text of each batch, of which there are two
        return dataclasses.replace(output, scores=scores)

    monkeypatch.setitem(METHODS._entries, "saliency", dataclasses.replace(saliency, attribute=sometimes))
    evaluation = evaluate(spec(pair[0], methods=("saliency",), scores=("comprehensiveness", "taucorr_loo")), home)
    for row in evaluation.rows():
        if row["method"] == "saliency":
            assert row["failed"] == 2 and row["n"] <= 10 and math.isfinite(row["mean"])


@pytest.mark.parametrize("methods", [("bcos",), ("occlusion",)])
def test_a_model_whose_answers_are_no_numbers_is_not_evaluated(
    pair: tuple[Path, Path], home: Home, monkeypatch: pytest.MonkeyPatch, methods: tuple[str, ...]
) -> None:
    def load_broken(path: Path) -> Classifier:  # a file of such weights is not loaded
        classifier = load(path)
        with torch.no_grad():
            classifier.model.get_parameter("classifier.weight")[0, 0] = math.nan
        return classifier

    for module in (evaluation_run, audit_run, vocabulary_run):
        monkeypatch.setattr(module, "load", load_broken)
    with pytest.raises(NotFiniteError, match="logits of tiny-bcos for the text"):
        evaluate(spec(pair[0], methods=methods), home)
    assert not (home.evaluations / "one").exists()
    first, second = (read_info(folder) for folder in pair)
    with pytest.raises(NotFiniteError, match="logits of tiny-bcos for the text"):
        run_audit(first, second, home=home, reporter=SilentReporter())
    with pytest.raises(NotFiniteError, match="logits of tiny-bcos for the text"):
        run_vocabulary(first, method="bcos", limit=3, seed=0, home=home, reporter=SilentReporter())


def test_evidence_that_is_no_number_is_not_kept(home: Home) -> None:
    store = EvidenceStore(open_database(home))
    values = {"one": (0.5, 1.0), "two": {"deep": [[0.0, np.float64("inf")]]}}
    with pytest.raises(NotFiniteError, match=r"What was measured \(logits\).*at two\.deep is inf"):
        store.keep("model", "logits", values)
    assert store.find("model", "logits", values) == {}  # nothing of it


def test_a_model_trained_towards_the_removal_says_so(home: Home) -> None:
    folder, _ = save_pair(home.create(), task=TASK, recipe={"consistency": 1.0})
    scores = ("comprehensiveness", "auprc_plau")
    masked = {row["score"]: row["protocol"] for row in evaluate(spec(folder, scores=scores), home).rows()}
    assert (
        masked["comprehensiveness"]["trained_towards"] and "trained towards" in masked["comprehensiveness"]["summary"]
    )
    assert not masked["auprc_plau"]["trained_towards"]
    assert not masked["comprehensiveness"]["trained_towards_ranking"]
    deleted = evaluate(spec(folder, removal="delete"), home).rows()
    assert not any(row["protocol"]["trained_towards"] for row in deleted)


def test_a_model_trained_towards_the_ranking_of_its_contributions_says_so(home: Home) -> None:
    folder, _ = save_pair(home.create(), task=TASK, recipe={"consistency": 1.0, "consistency_ranked": 0.5})
    evaluation = evaluate(spec(folder, scores=("comprehensiveness", "auprc_plau")), home)
    masked = {row["score"]: row["protocol"] for row in evaluation.rows()}
    assert "contributions rank first" in masked["comprehensiveness"]["summary"]
    assert not masked["auprc_plau"]["trained_towards_ranking"]
    assert (
        "the ranking of B-cos contributions" in leaderboard_table(evaluation.rows(), "comprehensiveness")["training"][0]
    )
    deleted = evaluate(spec(folder, removal="delete"), home).rows()
    assert not any(row["protocol"]["trained_towards_ranking"] for row in deleted)


def test_a_model_trained_with_masked_texts_says_so(home: Home) -> None:
    folder, _ = save_pair(home.create(), task=TASK, recipe={"consistency": 0.0, "masking": 0.5})
    evaluation = evaluate(spec(folder, scores=("comprehensiveness", "auprc_plau")), home)
    masked = {row["score"]: row["protocol"] for row in evaluation.rows()}
    assert "trained with masked texts" in masked["comprehensiveness"]["summary"]
    assert not masked["comprehensiveness"]["trained_towards"]
    assert not masked["auprc_plau"]["trained_with_masked_texts"]
    assert set(leaderboard_table(evaluation.rows(), "comprehensiveness")["training"]) == {"trained with masked texts"}
    assert "trained with masked texts" in evaluation_html(evaluation, "bcos@tiny-bcos")
    hidden = evaluate(spec(folder, removal="hide"), home).rows()
    assert not any(row["protocol"]["trained_with_masked_texts"] for row in hidden)


def test_bad_input(pair: tuple[Path, Path], home: Home) -> None:
    with pytest.raises(UnknownNameError, match="Known: .*comprehensiveness"):
        spec(pair[0], scores=("faith",))
    with pytest.raises(UnknownNameError, match="Known: delete, hide, mask, pad"):
        spec(pair[0], removal="burn")
    with pytest.raises(InputError, match="limit is 0"):
        spec(pair[0], limit=0)
    with pytest.raises(InputError, match="No method"):
        spec(pair[0], methods=())
    with pytest.raises(InputError, match="given twice"):
        spec(pair[0], methods=("bcos", "bcos"))
    with pytest.raises(UnknownNameError, match="option of lime"):
        spec(pair[0], methods=("lime",), options={"lime": {"steps": 1}})
    with pytest.raises(InputError, match="classes negative, positive, but Three-class tweets"):
        evaluate(spec(pair[0], task=TaskChoice("embedded", "tweets")), home)
    other, _ = save_pair(Home(home.root / "plain").create())
    with pytest.raises(InputError, match="Name a task"):
        evaluate(spec(other), home)


def test_the_command_gives_rows_as_json(
    pair: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "tiny-bcos", "tiny-conventional", "--methods", "bcos", "lime", "--option", "lime.samples=5"]
    assert main([*words, "--scores", "comprehensiveness", "--limit", "6", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    keys = {
        "checkpoint",
        "method",
        "score",
        "mean",
        "low",
        "high",
        "n",
        "forward_passes",
        "backward_passes",
        "protocol",
    }
    assert all(keys <= set(row) for row in result["rows"])
    lime = [row for row in result["rows"] if row["method"] == "lime"]
    assert len(lime) == 2 and all(row["forward_passes"] == 6 and row["n"] == 6 for row in lime)
    assert lime[0]["protocol"]["options"] == {"samples": 5, "unit": "token"}
    assert (Path(result["evaluation"]) / "evaluation.json").is_file()
    assert main(["evaluate", "tiny-bcos", "--scores", "magic", "--json"]) == 2
    assert main(["evaluate", "nowhere", "--json"]) == 2
    assert main(["evaluate", "tiny-bcos", "--option", "lime", "--json"]) == 2


def test_a_spec_is_a_command_line(pair: tuple[Path, Path], home: Home) -> None:
    from bcos_core.cli.main import build_parser

    given = spec(
        *pair,
        methods=("bcos", "lime"),
        options={"lime": {"samples": "7"}},
        task=TaskChoice("embedded", "short-reviews"),
    )
    assert EVALUATE.read(json.loads(json.dumps(given.to_dict()))) == given
    words = EVALUATE.command(given)
    args = build_parser(words).parse_args(words)
    assert tuple(args.checkpoints) == given.checkpoints and tuple(args.methods) == given.methods
    assert tuple(args.scores) == given.scores and args.option == ["lime.samples=7"]
    assert (args.limit, args.pointing_pairs, args.pointing_length, args.task) == (12, 3, 4, "short-reviews")


@pytest.mark.parametrize("asked", [["--against", "lime"], ["--slice", "length", "disagreement:bcos,lime"]])
def test_a_comparison_with_what_is_not_evaluated_is_refused_before_anything_is_measured(
    pair: tuple[Path, Path], asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    explained = count_explanations(monkeypatch)
    assert main(["evaluate", str(pair[0]), "--methods", "bcos", "occlusion", "--limit", "2", *asked]) != 0
    assert "LIME is not among the methods to evaluate" in capsys.readouterr().err
    assert not explained
