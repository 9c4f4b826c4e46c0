"""What the dashboard keeps in files and rows, as somebody else may have written it: results, studies, notes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bcos_core.ablation.result import load_ablation
from bcos_core.errors import JobError
from bcos_core.evaluate.result import load_evaluation
from bcos_core.home import CHECKOUT
from bcos_core.minimal_pairs.result import load_result
from bcos_core.model.about import ABOUT_FILE, read_about
from bcos_core.render.trust import findings_table
from bcos_core.reproduce.report import load_report, load_samples
from bcos_core.storage.places import PLACES_FILE, here
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.study.design import StudyDesign
from bcos_core.study.locked import LockedStudy
from bcos_core.study.recruiting import PROLIFIC, Recruiting
from bcos_core.study.synthetic import load_design, synthetic_study
from bcos_core.train.course import COURSE_FILE, read_course
from bcos_core.train.recipe import RECIPES, Recipe
from bcos_core.trust.result import TrustReport
from tests.ablation.test_ablation_result import ablation, row
from tests.evaluate.test_damaged_result import WHOLE
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.minimal_pairs.test_pairs_result import RESULT
from tests.render.records import RECORD

REPORT: dict[str, Any] = {
    **{"checkpoint": "tiny", "path": "/models/tiny", "identity": "0", "task": "Short reviews", "texts": 20, "seed": 0},
    **{"task_type": "single-label", "methods": ["bcos"], "still": "1", "moved": "1", "seconds": 1.0, "left_out": {}},
    "findings": [{"method": "bcos", "test": "cascade", "state": "passed", "n": 20, "mean": 0.1}],
    "steps": [
        {
            **{"method": "bcos", "scheme": "cascade", "part": "head", "n": 20},
            **dict.fromkeys(
                ("values", "values_low", "values_high", "strengths", "strengths_low", "strengths_high"), 0.1
            ),
        }
    ],
    "notes": [],
}


@dataclass(frozen=True)
class Kept:
    kind: str
    content: bytes
    states: tuple[values.Change, ...] = ()


def make(ground: Ground) -> tuple[st.SearchStrategy[Kept], Callable[[Kept], object]]:
    study = synthetic_study(load_design(4, 6, 2, 0)).to_dict()
    study["items"] = study["items"][:2]
    trees: dict[str, Any] = {
        "evaluation": WHOLE,
        "minimal pairs": to_plain(RESULT),
        "ablation": to_plain(ablation(row("default", answers=0.8, score=0.5, seeds=2))),
        "report": json.loads((CHECKOUT / "assets" / "figures.json").read_text()),
        "samples": {"a": {"values": [1.0, 2.0]}},
        "trust": REPORT,
        "about": {"name": "A name", "tags": ["x", "y"], "notes": "Notes.", "format_version": 1},
        "places": ["/home/somebody", str(ground.outside)],
        "course": {"metric": "accuracy", "validation": 3, "format_version": 1},
        "locked": study,
        "design": study["design"],
        "recipe": to_plain(RECIPES["faithful"]),
        "recruiting": PROLIFIC.to_dict(),
    }
    trees = json.loads(json.dumps(trees))
    trees["report"]["figures"] = trees["report"]["figures"][:2]
    state = {
        **{"step": 1, "b": 1.5, "value": 0.5, "removal": "mask", "seconds": 1.0},
        **{"comprehensiveness": [0.5], "sufficiency": [None], "records": [json.loads(RECORD.to_json())]},
    }

    @st.composite
    def cases(draw: st.DrawFn) -> Kept:
        kind = draw(st.sampled_from(sorted(trees)))
        if draw(st.integers(0, 4)):
            states = tuple(draw(values.changes)) if kind == "course" else ()
            return Kept(kind, values.written(values.changed(trees[kind], draw(values.changes))), states)
        return Kept(kind, damage.damaged(values.written(trees[kind]), draw(damage.damages)))

    def send(case: Kept) -> object:
        if case.kind in _READ:
            return _READ[case.kind](_plain(case.content))
        with ground.folder() as folder:
            name, read = _FILES[case.kind]
            if case.kind == "places":
                (ground.home.root / PLACES_FILE).write_bytes(case.content)
                try:
                    return here({"a": ["/home/somebody/models/x"]}, ground.home)
                finally:
                    (ground.home.root / PLACES_FILE).unlink()
            states = values.written(values.changed(state, list(case.states)))
            more = b"\n" + states + b"\n" + states if case.kind == "course" else b""
            (folder / name).write_bytes(case.content + more)
            return read(folder)

    return cases(), send


def _plain(content: bytes) -> Any:
    """As a column of the database gives it: JSON that Python reads, whatever it holds."""
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _evaluation(folder: Path) -> object:
    return load_evaluation(folder).rows()[:2]


def _pairs(folder: Path) -> object:
    return load_result(folder).rows()[:2]


def _locked(data: Any) -> object:
    locked = LockedStudy.from_dict(data)
    return locked.hash, locked.design.title, [item.said(item.cell) for item in locked.items if item.cell]


def _course(folder: Path) -> object:
    course = read_course(folder)
    return course and [[record.text for record in course.records(text)] for text in course.texts]


def _trust(data: Any) -> object:
    found = from_plain(data, TrustReport, error=JobError, what="What this job made", advice="Run it again.")
    return findings_table(found).to_dict()


_FILES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "evaluation": ("evaluation.json", _evaluation),
    "minimal pairs": ("minimal_pairs.json", _pairs),
    "ablation": ("ablation.json", load_ablation),
    "report": ("report.json", load_report),
    "samples": ("samples.json", load_samples),
    "about": (ABOUT_FILE, read_about),
    "places": (PLACES_FILE, Path.name.fget),  # type: ignore[attr-defined]
    "course": (COURSE_FILE, _course),
}
_READ: dict[str, Callable[[Any], object]] = {
    "locked": _locked,
    "trust": _trust,
    "design": StudyDesign.from_dict,
    "recipe": Recipe.from_dict,
    "recruiting": Recruiting.from_dict,
}

SURFACE = Surface("results", "results, studies and notes that lie in the home", make)
