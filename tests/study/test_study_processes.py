"""Several processes at once, and processes that are killed: what was acknowledged is there, once."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from bcos_core.errors import InputError, JobCancelled, StudyError
from bcos_core.home import CHECKOUT, Home
from bcos_core.progress import SilentReporter
from bcos_core.storage.database import Database
from bcos_core.study.crowd import Crowd
from bcos_core.study.events import EventKind, record
from bcos_core.study.locked import LockedStudy
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_SLOTS
from bcos_core.study.simulate import OpenSimulation, open_simulation, simulate
from bcos_core.study.simulated_load import duplicated_answers, lost_answers, start_writer
from bcos_core.study.simulated_writer import WriterWork, read_acknowledgements, write
from bcos_core.study.studies import Studies
from bcos_core.study.synthetic import load_design, synthetic_study
from tests.study.forked_writer import write_forked
from tests.study.kill_harness import Kill, kill_repeatedly
from tests.study.simulated import made_up


def load(raters: int, items: int, conditions: int = 2) -> LockedStudy:
    return synthetic_study(load_design(raters, items, conditions))


def opened(database: Database, raters: int, items: int) -> OpenSimulation:
    return open_simulation(database, load(raters, items), Crowd())


def test_processes_that_write_at_once_lose_nothing_and_save_nothing_twice(home: Home, database: Database) -> None:
    result = simulate(home, database, load(raters=7, items=6, conditions=3), Crowd(7, writers=3))
    assert (result.saved, result.lost, result.duplicated) == (42, 0, 0)
    assert result.retried > 0  # some were sent again with the same key
    assert result.imbalance == 1  # 7 raters in 3 cells: 3, 2, 2
    assert 0 < result.p50_ms <= result.p95_ms <= result.max_ms
    study = Studies(database).get(result.study)
    assert study.simulated and study.status == "closed" and study.title.startswith("Simulated")


def test_every_acknowledged_answer_survives_kills_at_random_moments(
    home: Home, database: Database, tmp_path: Path
) -> None:
    simulation = opened(database, raters=1000, items=10)
    study, plan = simulation.study, simulation.plan
    work = simulation.work(3, tmp_path)
    # One server process imports everything once; the writers are forked from it in a moment.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.study.forked_writer"])
    files: list[Path] = []

    def start() -> Kill:
        files.append(tmp_path / f"{len(files)}.jsonl")
        process = context.Process(
            target=write_forked, args=(replace(work, acknowledgements=str(files[-1])).to_json(), home)
        )
        process.start()

        def kill() -> None:
            process.kill()
            process.join()

        return kill

    def acknowledged() -> int:
        return sum(file.read_bytes().count(b"\n") for file in files if file.exists())

    def nothing_is_lost() -> None:
        saved = [one for file in files for one in read_acknowledgements(file)]
        assert lost_answers(database, study.id, saved) == []

    kill_repeatedly(start, acknowledged, nothing_is_lost, times=20, at_once=2, longest_run=8)
    assert len(files) == 22 and acknowledged() > 20
    assert duplicated_answers(database, study.id) == 0
    with database.read() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        query = select(STUDY_SLOTS.c.item, STUDY_SLOTS.c.cell).where(STUDY_SLOTS.c.study == study.id)
        counts = Counter(tuple(row) for row in connection.execute(query))
    for item in plan.items:  # the killed ones' open slots included
        assert abs(counts[item, plan.cells[0]] - counts[item, plan.cells[1]]) <= 1


def test_loss_and_duplication_are_seen(home: Home, database: Database, tmp_path: Path) -> None:
    simulation = opened(database, raters=1, items=3)
    study, file = simulation.study, tmp_path / "acknowledged"
    write(simulation.work(1, file), database)
    saved = read_acknowledgements(file)
    assert len(saved) == 3 and lost_answers(database, study.id, saved) == [] == saved[3:]
    other = replace(saved[0], values={**saved[0].values, "agreement": 9})
    assert lost_answers(database, study.id, [other]) == [other]
    with database.write() as connection:
        connection.execute(delete(STUDY_ANSWERS).where(STUDY_ANSWERS.c.item == saved[1].item))
        record(connection, study.id, EventKind.ANSWERED, {"item": saved[0].item, "values": {}}, rater=saved[0].rater)
    assert lost_answers(database, study.id, saved) == [saved[1]]
    assert duplicated_answers(database, study.id) == 1


def test_a_line_that_a_kill_has_cut_is_not_an_acknowledgement(tmp_path: Path) -> None:
    file = tmp_path / "acknowledged"
    assert read_acknowledgements(file) == []
    file.write_text('{"rater": "r", "slot"')
    assert read_acknowledgements(file) == []


def test_a_writer_that_fails_is_told(home: Home, database: Database, tmp_path: Path) -> None:
    work = opened(database, raters=1, items=1).work(1, tmp_path / "a")
    writer = start_writer(home, replace(work, token="wrong token"))
    assert "This link is not known" in writer.communicate()[1] and writer.returncode == 1


@pytest.mark.parametrize("options", [{"raters": 0}, {"writers": 0}])
def test_too_few(options: dict[str, int]) -> None:
    with pytest.raises(StudyError, match="too few"):
        Crowd(**options)


@pytest.mark.parametrize("numbers", [(1, 0), (1001, 10), (10, 501), (10, 10, 1)])
def test_what_no_study_can_have(numbers: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        load(*numbers)


def test_a_preference_that_does_not_fit_makes_no_study(home: Home, database: Database) -> None:
    with pytest.raises(StudyError, match="Choose −4 to 4"):
        simulate(home, database, load(1, 1), Crowd(preference=4.1))
    assert not Studies(database).list().any


def test_work_comes_whole_out_of_json(database: Database, tmp_path: Path) -> None:
    locked = made_up("edit", "random", "")
    work = open_simulation(database, locked, Crowd(preference=0.3, seed=5)).work(2, tmp_path / "a")
    assert WriterWork.from_json(work.to_json()) == work


class Stopped(SilentReporter):
    """Somebody cancels the job after a while."""

    def progress(self, done: float, total: float, part: str = "") -> None:
        assert total == 50 * 10
        raise JobCancelled("Stopped.")


def test_a_rehearsal_that_is_cancelled_leaves_nothing(home: Home, database: Database) -> None:
    with pytest.raises(JobCancelled):
        simulate(home, database, load(raters=50, items=10), Crowd(), Stopped())
    assert not Studies(database).list().any


def test_raters_come_until_every_item_has_its_answers(home: Home, database: Database) -> None:
    # Five items × 4 answers, 4 for each rater: five raters could just do it, but each takes what lacks most answers, so
    # that the last place may be in an item that all of them have seen.
    locked = made_up("rating", "random", "random", items=5, items_per_rater=4, raters_per_item=4)
    assert locked.design.raters_needed == 5
    filled, five = (simulate(home, database, locked, Crowd(raters)) for raters in (None, 5))
    assert (filled.saved, five.raters) == (20, 5)
    assert (five.saved < 20) == (filled.raters > 5)


def test_a_writer_imports_little() -> None:
    heavy = ("torch", "transformers", "streamlit", "numpy", "pandas", "alembic")
    code = f"import sys, bcos_core.study.simulated_writer; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
