"""Where jobs run, as the environment says: one setting, and what a cluster needs besides.

BCOS_EXECUTOR       local (default): processes of this machine; ray: Ray Jobs on a cluster
BCOS_RAY_ADDRESS    of the cluster's dashboard: http://HOST:8265
BCOS_RAY_JOBS       how many jobs run there at once (2); of several places one is for short jobs
BCOS_RAY_CPUS       cores for each job (1)
BCOS_RAY_GPUS       GPUs for each job (0)
BCOS_RAY_PYTHON     Python on the nodes, with the requirements (python)
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from bcos_core.errors import InputError
from bcos_core.numbers import count

EXECUTOR, ADDRESS = "BCOS_EXECUTOR", "BCOS_RAY_ADDRESS"
LOCAL, RAY = "local", "ray"
MOST = 4096
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
        """ "2 cores and 1 GPU"."""
        return count(self.cpus, "core") + (f" and {count(self.gpus, 'GPU')}" if self.gpus else "")


def asked_executor() -> str:
    """What `BCOS_EXECUTOR` says: "local", which it is without a word, or "ray".

    Raises:
        InputError: anything else.
    """
    said = os.environ.get(EXECUTOR, "").strip().lower() or LOCAL
    if said not in (LOCAL, RAY):
        raise InputError(f"{EXECUTOR} is {said[:60]!r}; expected {LOCAL} or {RAY}.")
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


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.path
        if usable and (parts.port is None or parts.port > 0):
            return str(parts.hostname)
    except ValueError:
        pass
    raise InputError(f"{ADDRESS} is {address[:200]!r}; expected http://HOST:PORT of the cluster's dashboard.")


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
