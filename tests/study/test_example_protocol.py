"""A new protocol is one small file: from the design to the methods paragraph, nothing else has to know it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from scipy import stats

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.render.study_export import codebook, export_study
from bcos_core.storage.upgrade import open_database
from bcos_core.study.crowd import Crowd
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.locked import LockedStudy
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.power_hint import power_hint
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.results import analyse, closed_loops, read_answers_of
from bcos_core.study.selection import Source
from bcos_core.study.simulate import open_simulation
from bcos_core.study.simulated_writer import write
from bcos_core.study.studies import Studies
from tests.study import example_protocol
from tests.study.example_protocol import PROTOCOL
from tests.study.simulated import answers_of, made_up, taste_for
from tests.study.world import make_world

PREFERENCE = 0.8


@pytest.fixture(autouse=True)
def clarity(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the file lay in `study/protocols`."""
    monkeypatch.setitem(PROTOCOLS._entries, PROTOCOL.name, PROTOCOL)


def test_it_is_small() -> None:
    assert len(inspect.getsource(example_protocol).splitlines()) <= 40


def test_from_the_design_to_the_report(home: Home, tmp_path: Path) -> None:
    world = make_world(
        home,
        protocol="clarity",
        conditions=lambda bcos, twin: (Condition(bcos, "saliency"), Condition(bcos, "bcos")),
        source=Source(count=6),
        items_per_rater=6,
        raters_per_item=8,
        random=1,
    )
    design = world.locked.design
    assert StudyDesign.from_dict(design.to_dict()) == design and design.questions == PROTOCOL.questions
    # Locked: what practice says, and what the checks expect.
    assert "No answer is wrong here." in world.locked.of_kind("practice")[0].feedback
    assert world.locked.of_kind("random")[0].expected == {"clear": (1, 2, 3)}
    assert len(world.locked.of_kind("instructed")[0].expected["clear"]) == 1
    # Rated: eight simulated raters, each of six items, a practice item and two checks.
    database = open_database(home)
    simulation = open_simulation(database, world.locked, Crowd(preference=PREFERENCE))
    write(simulation.work(8, tmp_path / "acknowledged"), database)
    study = Studies(database).close(simulation.study.id)
    locked = LockedStudy.from_dict(Studies(database).locked(study.id))
    answered = read_answers_of(database, study.id, locked)
    assert len(answered.answers) == 8 * 9 and len(answered.of_items) == 8 * 6
    # Told: results, the loop with the automatic scores, the paragraph, the files.
    (analysis,) = analyse(answered, locked)
    assert analysis.title == "The colours are clear to me." and set(analysis.values["value"]) <= {1, 2, 3, 4, 5}
    assert "comprehensiveness" in closed_loops(analysis, locked)
    paragraph = methods_paragraph(study, locked, answered)
    assert "In a clarity study, 8 raters said how clear each explanation was to them. " in paragraph
    assert "The colours are clear to me." in set(codebook(locked)["meaning"])
    report = next(file for file in export_study(database, study.id, tmp_path / "out") if file.suffix == ".html")
    assert "Ordinal mixed model" in report.read_text(encoding="utf-8")


def test_the_results_find_what_its_raters_prefer() -> None:
    locked = made_up("clarity", "random", "random")
    (analysis,) = analyse(answers_of(locked, taste_for(locked, PREFERENCE), 60), locked)
    difference = analysis.results[1].quantities[0]  # the first condition − the last
    assert difference.low is not None and difference.high is not None
    assert difference.low <= -PREFERENCE <= difference.high < 0


def test_its_power_is_that_of_the_noncentral_t() -> None:
    design = made_up("clarity", "random", "random", raters_per_item=20).design  # 24 items, 20 raters who see all
    (quantity,) = power_hint(design).quantities
    assert quantity.name == "detectable difference, points on a 1–5 scale" and quantity.value is not None
    error = (2 * 0.9**2 / (20 * 24 / 2) + 2 * 0.25**2 / 20 + 2 * 0.25**2 / 24) ** 0.5
    assert stats.nct.sf(stats.t.ppf(0.975, 19), 19, quantity.value / error) == pytest.approx(0.8, abs=1e-6)


def test_its_question_can_be_worded_otherwise_and_no_other_can_be_asked() -> None:
    (question,) = PROTOCOL.questions
    assert PROTOCOL.checked_questions(made_up("clarity", "random", "random").design.questions) == (question,)
    with pytest.raises(InputError, match="Clarity has questions of its own"):
        made_up("clarity", "random", "random", questions=PROTOCOLS["rating"].questions)
