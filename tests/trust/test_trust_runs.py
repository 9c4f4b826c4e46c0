"""The trust tests as a command and as work: every type of task, pairs, what is kept, what is told, what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from planned import PartsTold
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import JobCancelled
from bcos_core.evaluate.explainer import Explainer
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.storage.plain import to_plain
from bcos_core.text.tasks import TaskChoice
from bcos_core.trust.plan import trust_plan
from bcos_core.trust.result import TrustReport
from bcos_core.trust.run import run_trust
from bcos_core.trust.spec import TrustSpec, default_methods
from bcos_core.trust.tests import TESTS

TASK = TaskChoice("embedded", "short-reviews").to_dict()


def rows(home: Home, kind: str) -> dict[str, Any]:
    """A task of that type in a file."""
    labels = {
        "multi-label": lambda n: ["kind"] * (n % 2) + ["long"] * (n % 3 > 0) + ["noisy"] * (n % 5 > 2),
        "regression": lambda n: n % 5,
    }
    file = home.root / f"{kind}.jsonl"
    words = ("good", "dull", "fine", "odd", "loud", "calm")
    texts = [
        f"The {words[n % 6]} movie no. {n} is a {words[n % 5]} story with {words[n % 4]} music" for n in range(240)
    ]
    file.write_text(
        "\n".join(json.dumps({"text": text, "stars": labels[kind](n)}) for n, text in enumerate(texts)), "utf-8"
    )
    return TaskChoice("file", str(file), "text", "stars", type=kind).to_dict()


def test_the_command(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    assert main(["trust", "tiny-bcos", "--methods", "bcos", "attention", "--limit", "16", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["methods"] == ["bcos", "attention", "random"] and result["texts"] == 16
    assert [(one["method"], one["test"]) for one in result["findings"]] == [
        (method, test) for method in result["methods"] for test in TESTS
    ]
    assert "Attention does not depend on the output layer" in result["summary"][0]
    assert result["summary"][-1].startswith("Random scores, put in beside the methods, fail")
    store = JobStore.open(home)
    (job,) = store.list()
    assert job.id == result["job"] and "--methods bcos attention" in command_of(job)
    kept = result_of(job, TrustReport)
    assert to_plain(kept.to_dict()) == {name: result[name] for name in kept.to_dict()}
    # Again: nothing is explained anew, and the same is found.
    monkeypatch.setattr(Explainer, "__call__", None)
    assert main(["trust", str(folder), "--methods", "bcos", "attention", "--limit", "16"]) == 0
    said = capsys.readouterr().out
    assert "B-cos contributions:" in said and "This tokenizer reads capital letters as small ones" in said


def test_what_cannot_be_done_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(home.create(), task=TASK)
    assert main(["trust", "tiny-conventional", "--methods", "bcos", "--limit", "9"]) == 2
    assert "None of the methods can explain" in capsys.readouterr().err
    for wrong in (["--methods", "nothing"], ["--limit", "0"], ["--methods", "bcos", "bcos"]):
        assert main(["trust", "tiny-bcos", *wrong]) == 2
    assert main(["trust", "tiny-conventional", "--methods", "bcos", "saliency", "--limit", "9", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["methods"] == ["saliency", "random"] and "Only for B-cos models" in result["left_out"]["bcos"]
    assert all(one["state"] == "not measured" for one in result["findings"])  # nine texts judge nothing


def test_the_usual_methods_are_the_cheap_ones(home: Home) -> None:
    bcos, conventional = map(read_info, save_pair(home.create(), task=TASK))
    assert "bcos" in default_methods(bcos) and "pullback" not in default_methods(bcos)
    assert "pullback" in default_methods(conventional) and "bcos" not in default_methods(conventional)
    for info in (bcos, conventional):
        assert not {"random", "integrated_gradients", "occlusion", "shapley"} & set(default_methods(info))


def test_what_was_planned_is_told_and_only_that(home: Home) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    spec = TrustSpec(str(folder), ("bcos", "smoothgrad"), 12)
    told = PartsTold()
    run_trust(spec, home=home, reporter=told)
    told.assert_as_planned(trust_plan(spec))


@pytest.mark.parametrize("kind", ["multi-label", "regression"])
def test_other_types_of_task(home: Home, kind: str) -> None:
    folder, _ = save_pair(home.create(), kind=kind, task=rows(home, kind))
    report = run_trust(TrustSpec(str(folder), ("bcos",), 24), home=home, reporter=SilentReporter())
    states = {one.test: one.state for one in report.of("bcos")}
    assert states["cascade"] == states["again"] == states["alone"] == states["padded"] == "passed"
    assert report.still.endswith("of the probability" if kind == "multi-label" else "of the score")
    assert {"passed"} >= {states[test] for test in ("synonyms", "sentence")} - {"not measured"}
    assert report.task_type == kind


def test_pairs_of_texts(home: Home) -> None:
    task = TaskChoice("embedded", "template-pairs").to_dict()
    labels, columns = ("follows", "does not follow"), ("premise", "hypothesis")
    folder, _ = save_pair(home.create(), labels, task=task, text_columns=columns)
    report = run_trust(TrustSpec(str(folder), ("bcos", "attention"), 12), home=home, reporter=SilentReporter())
    assert {one.state for one in report.of("bcos") if one.test in ("cascade", "again", "padded")} == {"passed"}
    assert report.finding("attention", "layers").state == "failed"


class Stopped(SilentReporter):
    """Asks the work to stop after so many portions of explanations."""

    def __init__(self, after: int) -> None:
        self.left = after

    def progress(self, done: float, total: float, part: str = "") -> None:
        if part:
            self.left -= 1
            if self.left < 0:
                raise JobCancelled("Stopped.")


def test_a_stopped_run_goes_on_where_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = save_pair(home.create(), task=TASK)
    spec = TrustSpec(str(folder), ("bcos",), 12, 3)
    asked: list[int] = []
    whole = Explainer.__call__

    def counted(self: Explainer, texts: Any, target: Any = None) -> Any:
        asked.append(len(texts))
        return whole(self, texts, target)

    monkeypatch.setattr(Explainer, "__call__", counted)
    with pytest.raises(JobCancelled):
        run_trust(spec, home=home, reporter=Stopped(9))
    before = sum(asked)
    found = run_trust(spec, home=home, reporter=SilentReporter())
    other = Home(home.root / "other").create()
    alone = len(asked)
    again = run_trust(spec, home=other, reporter=SilentReporter())
    assert sum(asked[:alone]) == sum(asked[alone:]) and 0 < before < sum(asked[:alone])
    assert replace(found, seconds=0.0) == replace(again, seconds=0.0)
    assert all(math.isfinite(one.mean) for one in found.findings if one.mean is not None)
