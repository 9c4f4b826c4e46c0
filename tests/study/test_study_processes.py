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

from bcos_core.errors import StudyError
from bcos_core.home import CHECKOUT, Home
from bcos_core.storage.database import Database, open_engine
from bcos_core.study.events import EventKind, record
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_SLOTS
from bcos_core.study.simulate import (
    Simulation,
    create_simulated,
    duplicated_answers,
    lost_answers,
    simulate,
    start_writer,
)
from bcos_core.study.simulated_writer import WriterWork, read_acknowledgements, write
from bcos_core.study.studies import Studies
from tests.study.kill_harness import Kill, kill_repeatedly


def test_processes_that_write_at_once_lose_nothing_and_save_nothing_twice(home: Home, database: Database) -> None:
    result = simulate(home, database, Simulation(raters=7, items=6, writers=3, conditions=3))
    assert (result.saved, result.lost, result.duplicated) == (42, 0, 0)
    assert result.retried > 0  # some were sent again with the same key
    assert result.imbalance == 1  # 7 raters in 3 cells: 3, 2, 2
    assert 0 < result.p50_ms <= result.p95_ms <= result.max_ms
    study = Studies(database).get(result.study)
    assert study.simulated and study.status == "closed" and study.title.startswith("Simulated")


def test_every_acknowledged_answer_survives_kills_at_random_moments(
    home: Home, database: Database, tmp_path: Path
) -> None:
    study, plan, token = create_simulated(database, Simulation(raters=2000, items=10))
    work = WriterWork(plan, token, raters=3, preference=0.5, seed=0, acknowledgements="")
    # One server process imports everything once; the writers are forked from it in a moment.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bcos_core.study.simulated_writer"])
    files: list[Path] = []

    def start() -> Kill:
        files.append(tmp_path / f"{len(files)}.jsonl")
        process = context.Process(target=_write, args=(replace(work, acknowledgements=str(files[-1])).to_json(), home))
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
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        query = select(STUDY_SLOTS.c.item, STUDY_SLOTS.c.cell).where(STUDY_SLOTS.c.study == study.id)
        counts = Counter(tuple(row) for row in connection.execute(query))
    for item in plan.items:  # the killed ones' open slots included
        assert abs(counts[item, plan.cells[0]] - counts[item, plan.cells[1]]) <= 1


def _write(work: str, home: Home) -> None:
    write(WriterWork.from_json(work), Database(open_engine(home)))


def test_loss_and_duplication_are_seen(home: Home, database: Database, tmp_path: Path) -> None:
    study, plan, token = create_simulated(database, Simulation(raters=1, items=3))
    file = tmp_path / "acknowledged"
    write(WriterWork(plan, token, 1, 0.5, 0, str(file)), database)
    saved = read_acknowledgements(file)
    assert len(saved) == 3 and lost_answers(database, study.id, saved) == [] == saved[3:]
    assert lost_answers(database, study.id, [replace(saved[0], value=9)]) == [replace(saved[0], value=9)]
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
    _, plan, _ = create_simulated(database, Simulation(raters=1, items=1))
    writer = start_writer(home, WriterWork(plan, "wrong token", 1, 0.5, 0, str(tmp_path / "a")))
    assert "This link is not known" in writer.communicate()[1] and writer.returncode == 1


@pytest.mark.parametrize(
    "options", [{"raters": 0}, {"items": 0}, {"writers": 0}, {"conditions": 0}, {"preference": 4.1}]
)
def test_what_cannot_be_simulated(options: dict[str, int]) -> None:
    with pytest.raises(StudyError):
        Simulation(**options)


def test_a_writer_imports_little() -> None:
    heavy = ("torch", "transformers", "streamlit", "numpy", "pandas", "alembic")
    code = f"import sys, bcos_core.study.simulated_writer; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
