"""What a server is and holds, for whoever runs it: machine, versions, database, disk, quotas."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

import psutil
from sqlalchemy import text

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.devices import available_cores
from bcos_core.jobs.quotas import read_quotas
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import count, file_size
from bcos_core.storage.space import Space
from bcos_core.storage.upgrade import revisions_of

PACKAGES = ("torch", "transformers", "streamlit", "SQLAlchemy", "datasets", "captum")


@dataclass(frozen=True)
class Fact:
    """One line: what, and what was found."""

    name: str
    value: str


def machine(home: Home, devices: Sequence[str]) -> list[Fact]:
    """Devices, cores, memory, and the disk of `home`."""
    memory, disk = psutil.virtual_memory(), shutil.disk_usage(home.root)
    own = psutil.Process().memory_info().rss
    return [
        Fact("Devices", ", ".join(devices)),
        Fact("Cores", f"{available_cores()}; a load of {psutil.getloadavg()[0]:.1f} in the last minute"),
        Fact("Memory", f"{file_size(memory.available)} of {file_size(memory.total)} free"),
        Fact("This process", file_size(own)),
        Fact("Disk", f"{file_size(disk.free)} of {file_size(disk.total)} free"),
    ]


def versions() -> list[Fact]:
    """Of the program, of Python, and of what matters most for what is computed."""
    packages = [Fact(name, metadata.version(name)) for name in PACKAGES]
    return [Fact("B-cos LM", bcos_core.__version__), Fact("Python", platform.python_version()), *packages]


def database_facts(store: JobStore, space: Space) -> list[Fact]:
    """Kind, version of server and tables, size.

    Raises:
        StorageError: it cannot be read.
    """
    of_file = store.database.is_sqlite
    with store.database.read() as connection:
        version = connection.execute(text("SELECT sqlite_version()" if of_file else "SHOW server_version")).scalar_one()
        size = (
            space.by_kind.get("database", 0)
            if of_file
            else int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        )
    kind = "SQLite" if of_file else "PostgreSQL"
    return [
        Fact("Database", f"{kind} {version}"),
        Fact("Tables", f"revision {revisions_of(store.database)[0]}"),
        Fact("Size", file_size(size)),
    ]


def quota_facts(store: JobStore, space: Space) -> list[Fact]:
    """Every bound with how much of it is taken; those of one person where they are set.

    Raises:
        InputError: a setting is no number.
        StorageError: the database cannot be read.
    """
    quotas = read_quotas()
    return [
        Fact("Jobs that wait or run", f"{len(store.active_ids())} of {_bound(quotas.server_jobs)}"),
        Fact("Jobs of one person", "no bound" if quotas.person_jobs is None else count(quotas.person_jobs, "job")),
        Fact("Under BCOS_HOME", f"{file_size(space.total)} of {_size(quotas.server_bytes)}"),
        Fact("What one person has", "no bound" if quotas.person_bytes is None else _size(quotas.person_bytes)),
    ]


def _bound(number: int | None) -> str:
    return "any number" if number is None else f"{number:,}"


def _size(number: int | None) -> str:
    return "what the disk has" if number is None else file_size(number)
