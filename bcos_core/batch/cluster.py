"""A data set explained by the workers of a Ray cluster: each loads the model once, and makes whole shards.

A worker reads the rows of a shard and writes its file itself, by the same function as one process alone, so that the
files are the same; only the numbers of rows come back. All machines see the data and the folder under the same paths.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.batch.explainer import Explainer
from bcos_core.batch.shards import has_shard
from bcos_core.batch.spec import BatchSpec
from bcos_core.errors import BcosError, DataError, InputError
from bcos_core.text.row_source import open_rows

if TYPE_CHECKING:
    from bcos_core.batch.run import Explaining

_LISTEN_SECONDS = 10.0


def require_ray() -> None:
    """
    Raises:
        InputError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise InputError(
            "Explaining on several machines needs Ray, which is not installed here. Run `pip install 'ray[data]' -c "
            "constraints.txt`, or leave --ray out."
        )


def explain_on_cluster(work: Explaining) -> None:
    """Make the shards that are missing, on `work.spec.workers` workers of the cluster of `RAY_ADDRESS`, or of one that
    is started on this machine.

    Raises:
        InputError: Ray is not installed; no cluster answers there; a model that the workers cannot load; data whose
            number of rows is not known.
        DataError: a row of the data cannot be read.
    """
    require_ray()
    address = os.environ.get("RAY_ADDRESS") or None
    if address is None:
        # Ray that is started here serves this command alone, and would listen on every interface of a machine that
        # is no Windows or macOS. It reads this once, when it is imported (ray/_private/ray_constants.py).
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray
    import ray.data

    total, size = work.rows.count, work.spec.shard_rows
    if total is None:
        raise InputError(
            "The number of rows of this data set is not known before they are read, so that they cannot be divided. "
            "Save them as a file, or leave --ray out."
        )
    work.shards = -(-total // size)
    missing = []
    for shard in range(work.shards):
        if work.has(shard):
            work.was_there(work.size(shard))
        else:
            missing.append({"shard": shard})
    if not missing:
        return
    begun = not ray.is_initialized()
    if begun:
        _join(ray, address)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        done = ray.data.from_items(missing, override_num_blocks=len(missing)).map_batches(
            ShardMaker,
            fn_constructor_args=(asdict(work.spec), str(work.folder), work.manifest.id),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(work.spec.workers, len(missing))),
            num_gpus=1 if _gpus(ray) else 0,
        )
        for row in done.iter_rows():
            if row["error"]:
                raise DataError(str(row["error"]))
            work.beat(int(row["rows"]))
            work.told()
    except ray.exceptions.RayError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise InputError(
            f"The Ray cluster could not do the work ({reason}). Look at its logs; the same command goes on from what "
            "is whole."
        ) from error
    finally:
        if begun:
            ray.shutdown()


class ShardMaker:
    """A worker: one loaded model, and the shards that it is given."""

    def __init__(self, stored: Mapping[str, Any], folder: str, run: str) -> None:
        from bcos_core.storage.stored_spec import read_spec

        self._folder, self._run = Path(folder), run
        self._spec = read_spec(stored, BatchSpec, "What is to be explained")
        self._rows = open_rows(self._spec.data)
        self._explainer = Explainer(self._spec)
        if self._explainer.manifest(self._rows).id != run:
            raise InputError(
                "A worker of the cluster has another model, other data or other versions of the libraries than the "
                "machine that asks. Install the same requirements, and share the files."
            )

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Make shards; how many rows each has, or in words why it could not be made."""
        made = [self._made(int(shard)) for shard in batch["shard"]]
        return {"rows": [rows for rows, _ in made], "error": [error for _, error in made]}

    def _made(self, shard: int) -> tuple[int, str]:
        from bcos_core.batch.run import write_one

        done = 0

        def beat(rows: int) -> None:
            nonlocal done
            done += rows

        try:
            # Ray does a task again whose worker was lost: what that one has finished stands.
            if not has_shard(self._folder, shard, self._run):
                size = self._spec.shard_rows
                rows: Iterator[tuple[Any, ...]] = islice(self._rows.cells(self._spec.columns, shard * size), size)
                write_one(self._explainer, self._folder, self._run, shard, self._rows, next(rows), rows, beat)
        except StopIteration:
            return 0, f"The data have no row {shard * self._spec.shard_rows + 1:,} any more."
        except BcosError as error:
            return done, str(error)
        return done, ""


def _join(ray: Any, address: str | None) -> None:
    """
    Raises:
        InputError: there is no such cluster, or Ray cannot be started here.
    """
    _see_listening(address or "")
    try:
        ray.init(address=address, log_to_driver=False, include_dashboard=False, configure_logging=False)
    except (Exception, SystemExit) as error:  # Ray has no type of its own for it, and may ask the process to end
        reason = (str(error).strip().splitlines() or [""])[0] if isinstance(error, Exception) else ""
        said = f" ({reason})" if reason else ""
        raise InputError(
            f"The Ray cluster at RAY_ADDRESS={address} cannot be joined{said}. Check the address, its token and that "
            "it has the version of Ray that is installed here, or unset RAY_ADDRESS to start Ray on this machine."
            if address
            else f"Ray could not be started on this machine{said}. Try again when less runs on it, or leave --ray out."
        ) from error


def _see_listening(address: str) -> None:
    """Ray itself asks for minutes where nobody answers.

    Raises:
        InputError: nobody listens at the host and port of an address, if it has some.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isascii() or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_LISTEN_SECONDS).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise InputError(
            f"No Ray cluster answers at RAY_ADDRESS={address}. Start it, correct the address, or unset RAY_ADDRESS to "
            "start Ray on this machine; the same command goes on from what is whole."
        ) from error


def _gpus(ray: Any) -> bool:
    return ray.cluster_resources().get("GPU", 0) > 0
