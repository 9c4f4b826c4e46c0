"""`python -m bcos_core rerun`: compute a saved record again, and say whether it matches."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.errors import InputError
from bcos_core.text.pair import one_line

if TYPE_CHECKING:
    from bcos_core.attribution.record import Attribution

LARGEST_FILE = 256 << 20

EPILOG = """examples:
  python -m bcos_core rerun record.json
  python -m bcos_core rerun records.json --checkpoint my-model --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `rerun` command."""
    parser = subparsers.add_parser(
        "rerun",
        help="compute a saved record again, and say whether it matches",
        description="Compute saved records again: with the checkpoint whose weights made them, or with another one. "
        "Exit code 1 if one does not match.",
        epilog=EPILOG,
    )
    parser.add_argument("file", help="a record, a list of records, or the output of `explain --json`")
    parser.add_argument("--checkpoint", help="a checkpoint's name or folder (default: the one that made the record)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`matches` for all records together, and for each: what was asked, whether it matches, what differs.

    Raises:
        InputError: no such file, not a record, or no checkpoint to ask.
        MismatchError: a record does not match.
    """
    records = _records(Path(args.file))

    from bcos_core.attribution.rerun import rerun
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.errors import MismatchError
    from bcos_core.model.load import load
    from bcos_core.model.text_model import TextModel

    loaded: dict[Path, TextModel] = {}
    results = []
    for record in records:
        path = find_checkpoint(args.checkpoint) if args.checkpoint else _maker(record)
        if path not in loaded:
            loaded[path] = load(path)
        again = rerun(record, loaded[path])
        results.append(
            {
                "text": record.text,
                "method": record.method,
                "model": record.model,
                "matches": again.matches,
                "largest_difference": again.largest_difference,
                "differences": list(again.differences),
                "record": again.record.to_dict(),
            }
        )
    result = {"matches": all(one["matches"] for one in results), "results": results}
    if not result["matches"]:
        raise MismatchError(show(result), result)
    return result


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = []
    for one in result["results"]:
        verdict = "matches" if one["matches"] else "DOES NOT MATCH"
        lines.append(f"{verdict}: {one['method']} on {one['model']}, {one_line(one['text'])[:60]!r}")
        lines.append(f"  largest difference of a score {one['largest_difference']:.2g}")
        lines += [f"  {difference}." for difference in one["differences"]]
    return "\n".join(lines)


def _records(path: Path) -> list[Attribution]:
    from bcos_core.attribution.record import Attribution
    from bcos_core.storage.stored_json import read_json

    advice = "Give a file of records that was exported from Compare or explain."
    data: Any = read_json(path.expanduser(), Any, error=InputError, advice=advice, largest=LARGEST_FILE)
    if isinstance(data, dict) and "records" in data:
        data = data["records"]
    found = data if isinstance(data, list) else [data]
    if not found or not all(isinstance(one, dict) for one in found):
        raise InputError(f"The file {str(path)!r} holds no record. {advice}")
    return [Attribution.from_dict(one) for one in found]


def _maker(record: Attribution) -> Path:
    """The checkpoint whose weights made the record."""
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.errors import CheckpointError
    from bcos_core.home import get_home
    from bcos_core.model.identity import folder_content
    from bcos_core.model.info import list_checkpoints

    if record.prompt is not None:
        try:
            return find_checkpoint(record.model)
        except CheckpointError as error:
            raise InputError(
                f"There is no language model {record.model!r} here. Name its folder with --checkpoint."
            ) from error
    known = list_checkpoints(get_home())
    # Its name first: a hash reads all the weights.
    for info in sorted(known, key=lambda info: record.model not in (info.name, info.path.name)):
        if folder_content(info.path)["weights"] == record.weights_hash:
            return info.path
    raise InputError(
        f"No checkpoint here has the weights {record.weights_hash} that made this record ({record.model}). "
        "Name one with --checkpoint to see what differs." + "".join(f" {one.sentence}" for one in known.left_out)
    )
