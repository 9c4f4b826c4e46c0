"""Raters who answer while everything around them is hit, and what they were told is saved."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.study.crowd import Crowd
from bcos_core.study.simulate import OpenSimulation, open_simulation
from bcos_core.study.simulated_load import duplicated_answers, lost_answers, start_writer
from bcos_core.study.simulated_writer import Acknowledgement, read_acknowledgements
from bcos_core.study.synthetic import load_design, synthetic_study

RATERS_IN_A_STUDY, ITEMS, RATERS_IN_A_PROCESS = 60, 40, 3


class Answering:
    """Keeps processes of raters at work, in one study after another. What is hit or has ended is replaced."""

    def __init__(self, home: Home, database: Database, folder: Path, processes: int = 2) -> None:
        self._home = home
        self._database = database
        self._folder = folder
        self._wanted = processes
        self._processes: list[subprocess.Popen[str]] = []
        self._studies: list[tuple[OpenSimulation, list[Path]]] = []
        self._joined = RATERS_IN_A_STUDY

    @property
    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(one.pid) for one in self._processes if one.poll() is None]

    def keep_on(self) -> None:
        """As many processes as are wanted."""
        self._processes = [one for one in self._processes if one.poll() is None]
        while len(self._processes) < self._wanted:
            if self._joined + RATERS_IN_A_PROCESS > RATERS_IN_A_STUDY:
                locked = synthetic_study(load_design(RATERS_IN_A_STUDY, ITEMS, 2))
                self._studies.append((open_simulation(self._database, locked, Crowd(seed=len(self._studies))), []))
                self._joined = 0
            self._joined += RATERS_IN_A_PROCESS
            simulation, files = self._studies[-1]
            files.append(self._folder / f"{len(self._studies)}-{len(files)}.jsonl")
            self._processes.append(start_writer(self._home, simulation.work(RATERS_IN_A_PROCESS, files[-1])))

    def acknowledged(self) -> int:
        files = (file for _, files in self._studies for file in files)
        return sum(file.read_bytes().count(b"\n") for file in files if file.exists())

    def lost(self) -> int:
        """Acknowledged answers that the database does not hold as they were acknowledged."""
        return sum(
            len(lost_answers(self._database, simulation.study.id, [*_read(files)]))
            for simulation, files in self._studies
        )

    def doubled(self) -> int:
        return sum(duplicated_answers(self._database, simulation.study.id) for simulation, _ in self._studies)

    def end(self) -> None:
        for one in self._processes:
            one.kill()
            one.wait()


def _read(files: list[Path]) -> Iterator[Acknowledgement]:
    for file in files:
        yield from read_acknowledgements(file)
