"""The parser that every command shares."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from bcos_core.errors import InputError


class UsageError(InputError):
    """A command line that does not follow the command's usage."""

    def __init__(self, usage: str, message: str) -> None:
        super().__init__(message)
        self.usage = usage


class CommandParser(argparse.ArgumentParser):
    """A parser with `--json`, and with errors that can be printed as JSON.

    Sub-parsers are of the same class, so every command has both.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)
        options.setdefault("conflict_handler", "resolve")  # a command may word `--json` in its own way
        super().__init__(**options)
        self.add_argument(
            "--json",
            action="store_true",
            # Without a default, so that a sub-parser does not reset what the parser above has read.
            default=argparse.SUPPRESS,
            help="print one JSON object on the last line of stdout",
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(self.format_usage(), f"{message[:1].upper()}{message[1:]}")
