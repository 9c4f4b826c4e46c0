"""Several processes that do one job together: started, watched over and ended by the process that is the job's.

They are started by PyTorch's elastic agent, as `torchrun` and `accelerate launch` do it. The agent gives each a session
of its own, which signals to the job's process group do not reach; so it passes them on, and each process ends itself
when the agent's is gone. They find each other by files that nobody else can read: no port is open. Why one of them has
ended, each writes down itself, with the moment: the others lose it, and fail in their turn.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import psutil

from bcos_core.device import chosen_device, gpu_number
from bcos_core.errors import BcosError, DatabaseUnreachableError, InputError, JobCancelled, JobError
from bcos_core.jobs.claims import settle
from bcos_core.jobs.devices import available_cores
from bcos_core.jobs.failure import plain_message
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.process import DATABASE_AWAY, exit_in_words
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import count

MEETING = "BCOS_MEETING"
"""The variable that says by which file the processes of a job meet."""
_LAUNCHER = "BCOS_LAUNCHER"
_RUNNER = ("-m", "bcos_core", "job")
GRACE_SECONDS = 8
"""Between asking and killing: less than a supervisor waits."""
LOOK_SECONDS = 0.1
_CANCELLED, _REFUSED, _FAILED, _AWAY = "cancelled", "refused", "failed", "away"


class _Reason(msgspec.Struct):
    """Why a process has ended, in words, and when (`time.monotonic`, the same for all processes of a machine)."""

    at: float
    kind: str
    message: str


def rank_here() -> int | None:
    """Which of the processes of its job this one is, from 0; None of one that works alone."""
    return int(os.environ["RANK"]) if MEETING in os.environ else None


def launcher() -> int:
    """The number of the process that has started this one with others."""
    return int(os.environ[_LAUNCHER])


def refuse_other_launchers() -> None:
    """
    Raises:
        InputError: this is one of several processes that a launcher has started.
    """
    if MEETING not in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(
            f"A launcher has started {os.environ['WORLD_SIZE']} processes of this command (WORLD_SIZE). Run it without "
            "one: a training starts its processes itself, with --processes N."
        )


def processes_here(wanted: int) -> int:
    """How many of as many processes as are wanted can work here: on GPUs each has one to itself."""
    if wanted == 1:
        return 1
    device = chosen_device()
    if device.type != "cuda":
        return wanted if device.type == "cpu" else 1
    import torch

    return min(wanted, 1 if gpu_number(str(device)) is not None else torch.cuda.device_count())


def run_together(store: JobStore, job: Job, processes: int, *, wanted: int) -> None:
    """Let so many processes, of as many as were `wanted`, do a job whose start this process is; their end is its own.

    Raises:
        JobCancelled: somebody has stopped it.
        InputError, JobError: why it has failed; the job says so too, and goes on if it was no fault of its own.
    """
    lease = Lease(store, job.id, job.attempt)
    log = JobLog(job.log_path, foreground=job.foreground)
    why = "" if processes == wanted else f" {wanted} were asked for, and there are {processes} GPUs here."
    log.line(f"{count(processes, 'process', 'processes')} work together.{why}")
    try:
        with tempfile.TemporaryDirectory(prefix="bcos-") as folder, _signals_kept():
            try:
                ended = _launch(Path(folder), job, processes)
            except BaseException as error:  # a signal, told in the agent's way, or Ctrl-C before it was there
                if not isinstance(error, KeyboardInterrupt | SystemExit) and not _is_signal(error):
                    raise
                log.file_line("Stopped before the work was done.")
                lease.give_up()
                raise JobCancelled("Stopped before the work was done.") from None
            reasons = _reasons(Path(folder))
    except Exception as error:
        if not isinstance(error, BcosError):
            log.traceback(error)
            lease.fail(f"{plain_message(error)} The job's log has the details.")
        raise
    finally:
        log.close()
    if store.get(job.id).state != JobState.SUCCEEDED:
        raise _settled(store, job, lease, processes, ended, reasons)


def _launch(folder: Path, job: Job, processes: int) -> dict[int, int]:
    """Run them to their end; the exit codes of those that ended badly, by rank, in the order in which they were found.
    Those that still ran then are asked to end by SIGTERM, and stand behind."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed.elastic").setLevel(logging.ERROR)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=job.id,
        rdzv_backend="c10d",
        rdzv_endpoint=str(folder / "agent"),
        rdzv_configs={"store_type": "file"},
        local_addr="127.0.0.1",
        max_restarts=0,
        monitor_interval=LOOK_SECONDS,
        shutdown_timeout=GRACE_SECONDS,
        # What each prints as a command is nobody's; what it tells goes to stderr, as the job's log.
        logs_specs=DefaultLogsSpecs(log_dir=str(folder / "output"), redirects=Std.OUT),
    )
    threads = int(os.environ.get("OMP_NUM_THREADS") or available_cores()) // processes
    with _environment(
        {
            MEETING: str(folder / "meeting"),
            _LAUNCHER: str(os.getpid()),
            "OMP_NUM_THREADS": str(max(1, threads)),
            "BCOS_HOME": str(job.folder.parent.parent),
            **_loopback(),
        }
    ):
        try:
            elastic_launch(config, sys.executable)(*_RUNNER, job.id, "--attempt", str(job.attempt))
        except ChildFailedError as error:
            return {rank: failure.exitcode for rank, failure in error.failures.items()}
    return {}


def _is_signal(error: BaseException) -> bool:
    return type(error).__name__ == "SignalException"  # the agent's: named, since it is imported late


def _settled(
    store: JobStore, job: Job, lease: Lease, processes: int, ended: Mapping[int, int], reasons: Mapping[int, _Reason]
) -> BcosError:
    """Give the job the state that its processes' end makes, and say why."""
    first_found = next(iter(ended), None)
    killed = {
        rank: code
        for rank, code in ended.items()
        if code < 0
        and not (reasons and -code == signal.SIGABRT)  # one that has lost another may abort
        and (code != -signal.SIGTERM or rank == first_found)  # later ones were asked to end for the first
    }
    if killed:
        rank, code = next(iter(killed.items()))
        said = f"process {rank + 1} of {processes} {exit_in_words(code).removeprefix('it ')}"
        if job.foreground:
            message = (
                f"{said[:1].upper()}{said[1:]}. What was finished is kept: `python -m bcos_core jobs resume {job.id}`."
            )
            lease.fail(message)
            return JobError(message)
        settle(store, job, said)
        return JobError(f"{said[:1].upper()}{said[1:]}.")
    if not reasons:
        rank, code = next(iter(ended.items()), (0, 0))
        message = (
            f"Process {rank + 1} of {processes} ended with exit code {code}, and said nothing. The log may say why."
        )
        lease.fail(message)
        return JobError(message)
    rank, first = min(reasons.items(), key=lambda one: one[1].at)
    if first.kind == _AWAY and not job.foreground:
        settle(store, job, exit_in_words(DATABASE_AWAY))
        return DatabaseUnreachableError(first.message)
    if first.kind == _CANCELLED:
        lease.give_up()
        return JobCancelled(first.message)
    message = f"Process {rank + 1} of {processes}: {first.message}" if rank else first.message
    lease.fail(message)
    return InputError(message) if first.kind == _REFUSED else JobError(message)


# In each of the processes


def end_with_launcher() -> None:
    """Let this process end as soon as the one that started it is gone, however that was ended."""
    parent = launcher()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="launcher-watch", daemon=True).start()


def tell_reason(error: BaseException, *, stopped: bool) -> None:
    """Write down why this process ends, for the one that started it. `stopped`: it was asked to."""
    if stopped or isinstance(error, JobCancelled | KeyboardInterrupt):
        reason = _Reason(time.monotonic(), _CANCELLED, "Stopped before the work was done.")
    elif isinstance(error, BcosError):
        kind = _REFUSED if isinstance(error, InputError) else _FAILED
        kind = _AWAY if isinstance(error, DatabaseUnreachableError) else kind
        reason = _Reason(time.monotonic(), kind, str(error))
    else:
        reason = _Reason(time.monotonic(), _FAILED, f"{plain_message(error)} The job's log has the details.")
    file = Path(os.environ[MEETING]).with_name(f"reason-{rank_here()}.json")
    with suppress(OSError):  # a full disk: the exit code has to do
        partial = file.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(reason))
        partial.replace(file)


def _reasons(folder: Path) -> dict[int, _Reason]:
    found = {}
    for file in folder.glob("reason-*.json"):
        rank = int(file.stem.removeprefix("reason-"))
        found[rank] = msgspec.json.decode(file.read_bytes(), type=_Reason)
    return found


def _loopback() -> dict[str, str]:
    """Where the processes of one machine listen to each other: on no network."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(address.address == "127.0.0.1" for address in addresses):
            return {"GLOO_SOCKET_IFNAME": name, "NCCL_SOCKET_IFNAME": name}
    return {}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """With these variables set, for the processes that are started inside the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _signals_kept() -> Iterator[None]:
    """The agent takes the handlers of signals; afterwards they are what they were."""
    before: dict[int, Any] = {
        number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
