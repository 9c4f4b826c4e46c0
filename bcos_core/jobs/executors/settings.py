"""Where jobs run, as the environment says: one setting, and what a cluster needs besides.

BCOS_EXECUTOR       local (default): processes of this machine; ray: Ray Jobs, slurm: batch jobs on a cluster
BCOS_RAY_ADDRESS    of the cluster's dashboard: http://HOST:8265
BCOS_RAY_JOBS       how many jobs run there at once (2); of several places one is for short jobs
BCOS_RAY_CPUS       cores for each job (1)
BCOS_RAY_GPUS       GPUs for each job (0)
BCOS_RAY_PYTHON     Python on the nodes, with the requirements (python)
BCOS_SLURM_JOBS     as BCOS_RAY_JOBS, _CPUS and _GPUS
BCOS_SLURM_CPUS
BCOS_SLURM_GPUS
BCOS_SLURM_OPTIONS  further options of sbatch: --partition=gpu --time=8:00:00 --mem=16G
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bcos_core.errors import InputError
from bcos_core.numbers import count

EXECUTOR, ADDRESS = "BCOS_EXECUTOR", "BCOS_RAY_ADDRESS"
LOCAL, RAY, SLURM = "local", "ray", "slurm"
MOST = 4096
_OWN = (
    *("--array", "--begin", "--chdir", "--cpus-per-task", "--dependency", "--error", "--export", "--export-file"),
    *("--input", "--job-name", "--nodes", "--ntasks", "--open-mode", "--output", "--parsable", "--requeue", "--wait"),
    "--wrap",
)
"""Options of sbatch that would take a job from under the executor."""
_UNFIT = ("--clusters", "--test-only", "--help", "--usage", "--version")
"""Options of `sbatch` that submit nothing, or to another cluster than the one that is asked about jobs."""
INSTALL = "Install it: pip install --constraint constraints.txt -r requirements-cluster.txt"


@dataclass(frozen=True)
class RaySettings:
    address: str
    jobs: int = 2
    cpus: int = 1
    gpus: int = 0
    python: str = "python"

    @property
    def wanted(self) -> str:
        return _wanted(self.cpus, self.gpus)


@dataclass(frozen=True)
class SlurmSettings:
    jobs: int = 2
    cpus: int = 1
    gpus: int = 0
    further: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        return _wanted(self.cpus, self.gpus)

    @property
    def options(self) -> list[str]:
        """Of sbatch: one process on one machine."""
        gpus = [f"--gres=gpu:{self.gpus}"] if self.gpus else []
        return ["--nodes=1", "--ntasks=1", f"--cpus-per-task={self.cpus}", *gpus, *self.further]


def _wanted(cpus: int, gpus: int) -> str:
    """ "2 cores and 1 GPU"."""
    return count(cpus, "core") + (f" and {count(gpus, 'GPU')}" if gpus else "")


def asked_executor() -> str:
    """What `BCOS_EXECUTOR` says: "local", which it is without a word, "ray" or "slurm".

    Raises:
        InputError: anything else.
    """
    said = os.environ.get(EXECUTOR, "").strip().lower() or LOCAL
    if said not in (LOCAL, RAY, SLURM):
        raise InputError(f"{EXECUTOR} is {said[:60]!r}; expected {LOCAL}, {RAY} or {SLURM}.")
    return said


def ray_settings() -> RaySettings:
    """What the environment says of the cluster. The cluster itself is not asked: it may come later.

    Raises:
        InputError: something is missing or cannot be used.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(f"{EXECUTOR} is {RAY}, and Ray is not installed. {INSTALL}")
    address = os.environ.get(ADDRESS, "").strip().rstrip("/")
    if not address:
        raise InputError(f"{EXECUTOR} is {RAY}: set {ADDRESS} to the cluster's dashboard, as http://head.example:8265.")
    host = _host(address)
    for name in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
        if os.environ.get(name, address).rstrip("/") != address:
            raise InputError(f"{name} is set, which Ray would use in place of {ADDRESS}. Unset it.")
    if os.environ.get("RAY_AUTH_MODE", "").strip().lower() != "token":
        raise InputError(
            "RAY_AUTH_MODE is not token: whoever reaches such a cluster runs programs on it. "
            "Set RAY_AUTH_MODE=token here and where the cluster is started, with the same token."
        )
    if not _has_token():
        raise InputError("There is no token for the cluster. Set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH to its file.")
    if not os.environ.get("BCOS_DATABASE_URL", "").strip() and not _is_here(host):
        raise InputError(
            f"The cluster at {address} is on other machines, and an SQLite file is of this one. Set BCOS_DATABASE_URL "
            "to a PostgreSQL database that all of them reach, and BCOS_HOME to a folder that they share."
        )
    return RaySettings(
        address=address,
        jobs=_number("BCOS_RAY_JOBS", 2, least=1),
        cpus=_number("BCOS_RAY_CPUS", 1, least=1),
        gpus=_number("BCOS_RAY_GPUS", 0, least=0),
        python=os.environ.get("BCOS_RAY_PYTHON", "").strip() or "python",
    )


def slurm_settings(nodes: Callable[[], set[str]]) -> SlurmSettings:
    """What the environment says of a Slurm cluster. `nodes` are the cluster's machines, asked for where the database is
    a file of this one.

    Raises:
        InputError: something is missing or cannot be used.
        OutOfReach: the cluster does not answer what its machines are.
    """
    for command in ("sbatch", "squeue", "scancel", "sinfo"):
        if shutil.which(command) is None:
            raise InputError(
                f"{EXECUTOR} is {SLURM}, and there is no command {command} here. "
                "Start the supervisor where jobs are submitted, with Slurm's commands on the PATH."
            )
    settings = SlurmSettings(
        jobs=_number("BCOS_SLURM_JOBS", 2, least=1),
        cpus=_number("BCOS_SLURM_CPUS", 1, least=1),
        gpus=_number("BCOS_SLURM_GPUS", 0, least=0),
        further=_sbatch_options(),
    )
    if not os.environ.get("BCOS_DATABASE_URL", "").strip():
        others = nodes() - {platform.node(), platform.node().partition(".")[0]}
        if others:
            raise InputError(
                f"The cluster has other machines ({', '.join(sorted(others)[:3])}), and an SQLite file is of this one. "
                "Set BCOS_DATABASE_URL to a PostgreSQL database that all of them reach."
            )
    return settings


def _sbatch_options() -> tuple[str, ...]:
    said = os.environ.get("BCOS_SLURM_OPTIONS", "")
    try:
        options = tuple(shlex.split(said))
    except ValueError as error:
        raise InputError(f"BCOS_SLURM_OPTIONS cannot be read ({error}): {said[:200]!r}.") from error
    for option in options:
        if not option.startswith("--"):
            raise InputError(f"BCOS_SLURM_OPTIONS has {option[:60]!r}; expected options as --partition=NAME.")
        name = option.partition("=")[0]
        if any(own.startswith(name) for own in _OWN):  # sbatch takes the beginning of a name for it
            raise InputError(f"BCOS_SLURM_OPTIONS has {option[:60]!r}, which the dashboard sets itself. Leave it out.")
        if any(one.startswith(name) for one in _UNFIT):
            raise InputError(
                f"BCOS_SLURM_OPTIONS has {option[:60]!r}: with it no job is begun, or none that the dashboard finds "
                "again. Leave it out."
            )
    return options


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.path
        if usable and (parts.port is None or parts.port > 0):
            return str(parts.hostname)
    except ValueError:
        pass
    raise InputError(
        f"{ADDRESS} is {_without_secrets(address)!r}; expected http://HOST:PORT of the cluster's dashboard."
    )


def _without_secrets(address: str) -> str:
    """What may be printed of an address: scheme, host and port. A password may stand before the host, a key behind it,
    and where an @ comes later than it can, the password has what should end the host."""
    scheme, between, rest = address.partition("://") if "://" in address else ("", "", address)
    host, *others = re.split(r"[/?#\\]", rest, maxsplit=1)
    shown = "…" if any("@" in other for other in others) else host.rpartition("@")[2]
    return f"{scheme}{between}{shown}"[:200]


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    if os.environ.get("RAY_AUTH_TOKEN", "").strip():
        return True
    named = os.environ.get("RAY_AUTH_TOKEN_PATH", "").strip()
    return Path(named or "~/.ray/auth_token").expanduser().is_file()


def _number(name: str, default: int, *, least: int) -> int:
    said = os.environ.get(name, "").strip()
    if not said:
        return default
    if not said.isascii() or not said.isdecimal() or len(said) > 4 or not least <= int(said) <= MOST:
        raise InputError(f"{name} is {said[:60]!r}; expected a whole number from {least} to {MOST}.")
    return int(said)
