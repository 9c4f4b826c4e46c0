"""`jobs`: every job, and what can be done with one."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bcos_core.errors import InputError, JobError
from bcos_core.numbers import percent

if TYPE_CHECKING:
    from bcos_core.jobs.store import Job, JobStore

EXAMPLES = """examples:
  python -m bcos_core jobs list
  python -m bcos_core jobs wait 20261124-153012-ab12 --timeout 600
  python -m bcos_core jobs cancel 20261124-153012-ab12 --json
"""
NO_SUPERVISOR = "It waits until a supervisor runs: `python -m bcos_core supervise`, or `make app`."
WAIT_POLL_SECONDS = 0.3

Run = Callable[[argparse.Namespace], dict[str, Any]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bcos_core.jobs.kinds import NAMES

    about_jobs = "look at, cancel and restart jobs"
    parser = subparsers.add_parser("jobs", help=about_jobs, description=f"{about_jobs}.".capitalize(), epilog=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")

    listing = actions.add_parser(
        "list", help="every job, the newest first", epilog="example:\n  python -m bcos_core jobs list --active\n"
    )
    listing.add_argument("--active", action="store_true", help="only jobs that wait or run")
    listing.add_argument("--limit", type=_positive, default=50, metavar="N", help="at most N jobs (default: 50)")
    listing.add_argument("--kind", metavar="NAME", help=f"only jobs of a kind: {', '.join(NAMES)}")
    listing.set_defaults(run=list_jobs, show=show_list)

    def add(name: str, run: Run, help_text: str) -> argparse.ArgumentParser:
        example = f"example:\n  python -m bcos_core jobs {name} 20261124-153012-ab12\n"
        action = actions.add_parser(name, help=help_text, description=f"{help_text}.".capitalize(), epilog=example)
        action.add_argument("id", metavar="ID", help="the job's id, as `jobs list` shows it")
        action.set_defaults(run=run, show=show_job)
        return action

    add("show", show_one, "everything about one job")
    add("cancel", cancel, "stop a waiting or running job")
    add("retry", retry, "start an ended job anew, from an empty work folder")
    add("resume", resume, "let a failed or cancelled job go on where it stopped")

    deleting = add("delete", delete, "remove an ended job with its log and its unfinished work")
    deleting.add_argument(
        "--artefacts", action="store_true", help="also the files that it made; its models go to the trash"
    )
    deleting.set_defaults(show=show_deleted)

    logging = add("log", log, "the last lines of a job's log")
    logging.add_argument("--lines", type=_positive, default=200, metavar="N", help="how many (default: 200)")
    logging.set_defaults(show=lambda result: result["log"])

    waiting = add("wait", wait, "wait until a job has ended; exit code 1 if it has not succeeded")
    waiting.add_argument("--timeout", type=float, metavar="SECONDS", help="give up after so long")


def list_jobs(args: argparse.Namespace) -> dict[str, Any]:
    store = _open_store()
    wanted = {"kind": args.kind, "active": True if args.active else None}
    jobs = store.list(**wanted, limit=args.limit)
    return {
        "jobs": [_described(store, job) for job in jobs],
        "left_out": [asdict(one) for one in jobs.left_out],
        "older": store.list(**wanted, limit=1, after=args.limit).any,
        "supervisor_alive": store.supervisor_alive(),
    }


def show_one(args: argparse.Namespace) -> dict[str, Any]:
    store = _open_store()
    return {**_with_hint(store, store.get(args.id)), "metrics": store.metrics(args.id)}


def cancel(args: argparse.Namespace) -> dict[str, Any]:
    store = _open_store()
    return {"job": _described(store, store.cancel(args.id))}


def retry(args: argparse.Namespace) -> dict[str, Any]:
    store = _open_store()
    return _with_hint(store, store.retry(args.id))


def resume(args: argparse.Namespace) -> dict[str, Any]:
    store = _open_store()
    return _with_hint(store, store.resume(args.id))


def delete(args: argparse.Namespace) -> dict[str, Any]:
    """`{"deleted": its id, "trash": id of what lies in the trash now, or None, "models": [names of these]}`.

    Raises:
        JobError: there is no such job, or it has not ended.
        InputError: a study or a job needs a model that it made.
    """
    from bcos_core.shelf.jobs import delete_job

    away = delete_job(_open_store(), args.id, artefacts=args.artefacts)
    models = [model.name for model in away.models] if away else []
    return {"deleted": args.id, "trash": away.id if away else None, "models": models}


def show_deleted(result: dict[str, Any]) -> str:
    said = f"Job {result['deleted']} was deleted."
    if result["trash"]:
        said += (
            f" In the trash: {', '.join(result['models'])}. "
            f"Take back: python -m bcos_core models restore {result['trash']}"
        )
    return said


def log(args: argparse.Namespace) -> dict[str, Any]:
    return {"id": args.id, "log": _open_store().log_tail(args.id, args.lines)}


def wait(args: argparse.Namespace) -> dict[str, Any]:
    """Wait, telling changes on stderr.

    Raises:
        JobError: the job has not succeeded, or the time is over.
    """
    from bcos_core.jobs.store import JobState

    store = _open_store()
    deadline = math.inf if args.timeout is None else time.monotonic() + args.timeout
    told = ""
    while (job := store.get(args.id)).active:
        line = _state_in_words(_described(store, job))
        if job.state == JobState.QUEUED and not store.supervisor_alive():
            line = f"{line}. {NO_SUPERVISOR}"
        if line != told:
            print(line, file=sys.stderr, flush=True)
            told = line
        if time.monotonic() >= deadline:
            raise JobError(f"Job {job.id} has not ended within {args.timeout:g} seconds; it is {job.state}.")
        time.sleep(WAIT_POLL_SECONDS)
    if job.state != JobState.SUCCEEDED:
        raise JobError(f"Job {job.id} is {job.state}. {job.message}")
    return {"job": _described(store, job)}


def show_list(result: dict[str, Any]) -> str:
    if not result["jobs"] and not result["left_out"]:
        return "No jobs yet. `python -m bcos_core quickstart` runs the first one."
    rows = [("ID", "STATE", "TITLE")]
    rows += [(job["id"], _state_in_words(job), job["title"]) for job in result["jobs"]]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{id:<{widths[0]}}  {state:<{widths[1]}}  {title}" for id, state, title in rows]
    lines += [f"Left out: {one['name']}. {one['reason']}" for one in result["left_out"]]
    return "\n".join([*lines, *(["There are older ones: give a larger --limit."] if result["older"] else [])])


def show_job(result: dict[str, Any]) -> str:
    job = result["job"]
    lines = [f"{job['id']}  {job['title']}", f"  {_state_in_words(job)}"]
    if job["message"]:
        lines.append(f"  {job['message']}")
    if "hint" in result:
        lines.append(f"  {result['hint']}")
    lines += [f"  {name} {curve[-1][1]:.3g} at step {curve[-1][0]}" for name, curve in _curves(result)]
    lines += [f"  made {artefact}" for artefact in job["artefacts"]]
    return "\n".join([*lines, f"  log {job['log_path']}"])


def _curves(result: dict[str, Any]) -> list[tuple[str, list[tuple[int, float]]]]:
    return [(name, curve) for name, curve in result.get("metrics", {}).items() if curve]


def _state_in_words(job: dict[str, Any]) -> str:
    from bcos_core.jobs.outlook import time_left

    if job["state"] == "running" and job["cancel_requested"]:
        return "stopping"
    if job["line"]:
        return f"queued: {job['line']['words']}"
    if job["state"] != "running" or not job["stage"]:
        return str(job["state"])
    parts = [job["stage"]]
    if job["progress"] is not None:
        parts.append(percent(job["progress"], decimals=0))
    if job["eta_seconds"] is not None:
        parts.append(time_left(job["eta_seconds"], late=job["late"]))
    return "running: " + " · ".join(parts)


def _with_hint(store: JobStore, job: Job) -> dict[str, Any]:
    """The job, and what it waits for if nobody would start it."""
    hint = {"hint": NO_SUPERVISOR} if job.state == "queued" and not store.supervisor_alive() else {}
    return {"job": _described(store, job), **hint}


def _described(store: JobStore, job: Job) -> dict[str, Any]:
    """The job, and where it stands if it waits."""
    from bcos_core.jobs.queue import place_in_line

    place = place_in_line(store, job)
    return {**job.to_dict(), "line": None if place is None else {**asdict(place), "words": place.words()}}


def _open_store() -> JobStore:
    from bcos_core.jobs.claims import active_jobs, settle_dead_foreground
    from bcos_core.jobs.store import JobStore

    store = JobStore.open()
    # A command that was killed left its job running; where no dashboard runs nobody else would say that it has ended.
    settle_dead_foreground(store, active_jobs(store))
    return store


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise InputError(f"{text!r} is not a whole number above 0.")
    return number
