"""`python -m bcos_core COMMAND …`: finds the command, runs it, prints what came out, gives the exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from bcos_core.cli.output import error_json, for_terminal, prepare_streams, to_json
from bcos_core.cli.parser import CommandParser, UsageError
from bcos_core.device import DETERMINISTIC, DEVICE, check_settings
from bcos_core.error_log import keep_traceback
from bcos_core.errors import BcosError, InputError, JobCancelled, MismatchError
from bcos_core.jobs.failure import plain_message
from bcos_core.setting_files import read_setting_files

COMMANDS = (
    "app",
    "quickstart",
    "train",
    "explain",
    "components",
    "generate",
    "perplexity",
    "rerun",
    "explain-dataset",
    "evaluate",
    "audit",
    "trust",
    "lab",
    "ablate",
    "reproduce",
    "words",
    "retest",
    "patterns",
    "course",
    "study",
    "users",
    "log",
    "backup",
    "restore",
    "migrate",
    "models",
    "families",
    "tasks",
    "jobs",
    "job",
    "supervise",
    "health",
    "clean",
    "store",
)
"""Each is a module of `bcos_core.cli` (of the same name, with _ for -) with `add_parser(subparsers)`, which sets the
defaults `run` and `show`: `run(args)` does the work and gives a dictionary, `show(result)` puts it in words."""
NOT_COMPUTING = frozenset({"study", "backup", "store", "models", "families", "tasks", "jobs", "job"})
"""Those that use no device. All others have `--device` and `--deterministic`."""

SUCCESS, FAILURE, BAD_INPUT = 0, 1, 2
INTERRUPTED = 128 + 2  # as a shell reports a process that Ctrl-C has ended
BROKEN_PIPE = 128 + 13

EXAMPLES = """examples:
  python -m bcos_core app
  python -m bcos_core tasks
  python -m bcos_core jobs list --json
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit code: 0, 1 for a failure, 2 for input that cannot be used."""
    prepare_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        read_setting_files()
        args = build_parser(words).parse_args(words)
        _apply_settings(args)
        result = args.run(args)
        print(to_json(result) if as_json else for_terminal(args.show(result)), flush=True)
        return SUCCESS
    except SystemExit as error:  # argparse, after --help
        return error.code if isinstance(error.code, int) else FAILURE
    except BrokenPipeError:
        # Whoever read the output has left. Python would complain again when it closes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt as error:
        return _report(error, "Interrupted.", code=INTERRUPTED, as_json=as_json)
    except JobCancelled as error:
        return _report(error, str(error), code=INTERRUPTED, as_json=as_json)
    except UsageError as error:
        print(error.usage, end="", file=sys.stderr)
        return _report(error, str(error), code=BAD_INPUT, as_json=as_json)
    except MismatchError as error:
        print(to_json(error.result) if as_json else str(error), flush=True)
        return FAILURE
    except InputError as error:
        return _report(error, str(error), code=BAD_INPUT, as_json=as_json)
    except BcosError as error:
        return _report(error, str(error), code=FAILURE, as_json=as_json)
    except Exception as error:
        log = keep_traceback(error, words)
        message = plain_message(error) + (f" Details: {log}" if log else "")
        return _report(error, message, code=FAILURE, as_json=as_json)


def build_parser(words: Sequence[str]) -> CommandParser:
    """The parser of the command that `words` names, or of all of them if it names none.

    One command alone, so that `jobs list` does not wait for what the others import.
    """
    parser = CommandParser(
        prog="python -m bcos_core",
        description="Convert pretrained language models to B-cos models, and see exactly why they decide.",
        epilog=EXAMPLES,
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    named = next((word for word in words if not word.startswith("-")), None)
    for name in (named,) if named in COMMANDS else COMMANDS:
        importlib.import_module(f"bcos_core.cli.{name.replace('-', '_')}").add_parser(subparsers)
        if name not in NOT_COMPUTING:
            _add_settings(subparsers.choices[name])
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """The settings of `bcos_core.device`, for one command."""
    group = parser.add_argument_group("where and how to compute")
    group.add_argument(
        "--device", metavar="NAME", help=f"auto, cpu, cuda, cuda:1 or mps (default: {DEVICE}, else auto)"
    )
    group.add_argument(
        "--deterministic",
        action="store_true",
        help=f"the same numbers from the same work, twice (default: {DETERMINISTIC})",
    )


def _apply_settings(args: argparse.Namespace) -> None:
    """For this process, and those that it starts.

    Raises:
        InputError: a setting that says nothing.
    """
    if not hasattr(args, "deterministic"):
        return
    if args.device is not None:
        os.environ[DEVICE] = args.device
    if args.deterministic:
        os.environ[DETERMINISTIC] = "1"
    check_settings()


def _report(error: BaseException, message: str, *, code: int, as_json: bool) -> int:
    print(f"bcos: {message}", file=sys.stderr, flush=True)
    if as_json:
        print(error_json(error, message), flush=True)
    return code
