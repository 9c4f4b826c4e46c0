"""`supervise`: the process that runs waiting jobs."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from bcos_core.log_lines import formatter

EXAMPLES = """examples:
  python -m bcos_core supervise
  python -m bcos_core supervise --stop
"""
LONGEST_LOG = 1024 * 1024
DESCRIPTION = """Run waiting jobs until it is ended by Ctrl-C or `--stop`; running jobs then go on at the next
start. `make app` starts one by itself. It writes to supervisor.log under BCOS_HOME; with BCOS_LOG=json one JSON object
a line. Several hosts with one database may each have one. BCOS_EXECUTOR=ray runs jobs on a Ray cluster, whose
dashboard is at BCOS_RAY_ADDRESS; they go on there while no supervisor runs."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("supervise", help="run waiting jobs", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--stop", action="store_true", help="end the supervisor that is running")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    from bcos_core.device import AUTO, asked_device
    from bcos_core.jobs.devices import visible_devices
    from bcos_core.jobs.executors.chosen import chosen_executor
    from bcos_core.jobs.launch import stop_supervisor, supervisor_log
    from bcos_core.jobs.store import JobStore
    from bcos_core.jobs.supervisor import Supervisor
    from bcos_core.storage.artefacts.mirror import begin

    if args.stop:
        return {"stopped": stop_supervisor()}
    if asked_device() != AUTO:
        visible_devices()  # refused here, in words, and not when the first job comes
    store = JobStore.open()
    _log_to(supervisor_log(store.home))
    begin(store.home, store.database, fetches=False)  # what was deleted elsewhere goes here, too
    supervisor = Supervisor(store, executor=chosen_executor(store.home))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.request_stop())
    supervisor.run()
    return {"stopped": True}


def show(result: dict[str, Any]) -> str:
    return "The supervisor has ended." if result["stopped"] else "No supervisor is running."


def _log_to(path: Path) -> None:
    """Log to the file, and to stderr unless that is the file already."""
    file = RotatingFileHandler(path, maxBytes=LONGEST_LOG, backupCount=1, encoding="utf-8")
    handlers: list[logging.Handler] = [file]
    if not os.path.samestat(os.fstat(sys.stderr.fileno()), path.stat()):
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(formatter())
    logging.basicConfig(level=logging.INFO, handlers=handlers)
