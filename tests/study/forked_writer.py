"""A writer that is forked from a process that has imported everything; in a module of its own, which imports little."""

from __future__ import annotations

from bcos_core.home import Home
from bcos_core.storage.database import Database, open_engine
from bcos_core.study.simulated_writer import WriterWork, write


def write_forked(work: str, home: Home) -> None:
    write(WriterWork.from_json(work), Database(open_engine(home)))
