"""What `explain` writes into a file: records as a page, a figure, a document or a table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.errors import InputError, StorageError

if TYPE_CHECKING:
    from bcos_core.attribution.record import Attribution
    from bcos_core.render.formats import Format

FORMAT_NAMES = ("html", "svg", "pdf", "png", "latex", "markdown", "csv", "json", "bibtex")
_BINARY = ("pdf", "png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says that a file is wanted, and how its words are drawn."""
    parser.add_argument(
        "--format",
        choices=FORMAT_NAMES,
        help="write heatmaps in this format instead (default: by the ending of --output)",
    )
    parser.add_argument("--output", metavar="FILE", help="the file to write (default: standard output)")
    parser.add_argument(
        "--granularity",
        choices=("word", "token", "sentence"),
        default="word",
        help="what has one colour in a figure (default: word)",
    )


def wanted_format(args: argparse.Namespace) -> Format | None:
    """The format that was asked for, by name or by the file's ending; None where none was.

    Raises:
        InputError: an ending that says no format, or a file of bytes without a place.
    """
    if args.format is None and args.output is None:
        return None

    from bcos_core.render.formats import FORMATS, format_of

    name = args.format or format_of(Path(args.output).suffix)
    if name is None:
        endings = ", ".join(f".{one.ending}" for one in FORMATS.values())
        raise InputError(f"--output is {args.output!r}; its ending says no format. Use {endings}, or give --format.")
    if name in _BINARY and args.output is None:
        raise InputError(f"A {name.upper()} file is no text. Say with --output where it goes.")
    return FORMATS[name]


def file_of(records: Sequence[Attribution], kind: Format, granularity: str) -> bytes:
    """The records as a file: a sheet for each text, its methods as rows.

    Raises:
        InputError: several texts for a picture, or letters that no font here has.
    """
    from bcos_core.render.sheet import sheet_of

    texts = dict.fromkeys(record.text for record in records)
    return kind.file(
        [sheet_of(*(one for one in records if one.text == text), granularity=granularity) for text in texts]  # type: ignore[arg-type]
    )


def write(data: bytes, output: str) -> str:
    """Write the file; its path.

    Raises:
        StorageError: it cannot be written.
    """
    path = Path(output).expanduser()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(f"Cannot write {str(path)!r} ({error.strerror}). Choose another place.") from error
    return str(path)
