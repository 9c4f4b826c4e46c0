"""What a result comes to, in a small file beside its shards: how many rows there are of each kind, and which words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bcos_core.batch.manifest import MANIFEST_FILE, Manifest
from bcos_core.batch.schema import CUT, LEFT_OUT, SCHEMA, record_of
from bcos_core.batch.shards import row_groups, shard_name
from bcos_core.batch.words import TargetWords, WordCount
from bcos_core.errors import InputError
from bcos_core.storage.stored_json import read_json, to_json
from bcos_core.tasks.single_label import SingleLabel

SUMMARY_FILE = "summary.json"
_ADVICE = "Explain the data again into the same folder, which finishes it."
_MOST_ANSWERS = 200
_MOST_COUNTED = 300_000
"""Different answers that are counted at once: more than a tokenizer has tokens. One that comes later is another one."""
_MOST_REASONS = 20
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_READ = tuple(name for name in SCHEMA.names if name not in ("id",))


@dataclass
class _OfRow:
    """What is known of a row of the data while its entries go by."""

    explained: bool = False
    cut: bool = False
    reason: str = ""
    failed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Summary:
    """`run` is the id of the manifest. `rows` are the data's: `explained` (of these `cut` were not read to their end)
    and `left_out`, by the reason's first words in `reasons`. `explanations` are of one method or token each. `entries`
    are what a person pages through: the data's rows, of a language model the tokens that were asked about, whether they
    could be explained or not. `failed` are, by method, those that it alone has no explanation of: the text itself is
    not left out. `labelled` rows have a label that the model knows, or, of a language model, are tokens; of these
    `mismatches` were answered otherwise; `unknown_labels` are none of the model's. `answers` say how often what was
    answered, the most frequent first, and `other_answers` how often something else was. `largest_error` is the largest
    difference between a sum of contributions and what it adds up to, `None` where no method adds up."""

    run: str
    shards: int
    rows: int
    explained: int
    cut: int
    left_out: int
    reasons: dict[str, int]
    explanations: int
    entries: int
    failed: dict[str, int]
    labelled: int
    mismatches: int
    unknown_labels: int
    answers: dict[str, int]
    other_answers: int
    largest_error: float | None
    words: tuple[TargetWords, ...]


def summarise(folder: Path, manifest: Manifest, shards: int, beat: Callable[[int], None]) -> Summary:
    """Go through the shards once, a row group at a time. `beat` hears of how many more rows that was.

    Raises:
        InputError: a shard is missing, damaged, or of another result.
    """
    run, first, exclusive = manifest.id, manifest.methods[0].name, manifest.task_type == SingleLabel.name
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    of_row = _OfRow()  # of the data

    def end_row() -> None:
        """A row is left out where the first method has no explanation of anything in it."""
        counts["rows"] += 1
        counts["explained" if of_row.explained else "left out"] += 1
        counts["cut"] += of_row.cut
        if of_row.explained:
            failed.update(of_row.failed)
        else:
            kind = _kind(of_row.reason)
            reasons[kind if kind in reasons or len(reasons) < _MOST_REASONS else "Other reasons."] += 1

    words, largest, last = WordCount(), None, 0
    for number in range(shards):
        for group in row_groups(folder / shard_name(number), number, run, _READ):
            rows = group.to_pylist()
            before = last
            for row in rows:
                if row["row"] != last:
                    if last:
                        end_row()
                    of_row, last = _OfRow(), row["row"]
                counts["entries"] += row["method"] == first
                of_row.cut |= row["state"] == CUT
                if row["state"] == LEFT_OUT:
                    of_row.failed[row["method"]] += 1
                    of_row.reason = of_row.reason or row["reason"]
                    continue
                of_row.explained |= row["method"] == first
                counts["explanations"] += 1
                record = record_of(row, manifest)
                words.add(record)
                if record.additive:
                    largest = max(largest or 0.0, row["completeness_error"])
                if row["method"] == first:
                    counts["answers"] += 1
                    if row["predicted"] in answers or len(answers) < _MOST_COUNTED:
                        answers[row["predicted"]] += 1
                    counts["labelled"] += row["mismatch"] is not None
                    counts["mismatches"] += bool(row["mismatch"])
                    counts["unknown"] += exclusive and row["label"] is not None and row["mismatch"] is None
            beat(last - before)
    if last:
        end_row()
    listed = dict(sorted(answers.items(), key=lambda one: (-one[1], one[0]))[:_MOST_ANSWERS])
    return Summary(
        run=run,
        shards=shards,
        rows=counts["rows"],
        explained=counts["explained"],
        cut=counts["cut"],
        left_out=counts["left out"],
        reasons=dict(sorted(reasons.items())),
        explanations=counts["explanations"],
        entries=counts["entries"],
        failed={name: number for name, number in sorted(failed.items()) if number},
        labelled=counts["labelled"],
        mismatches=counts["mismatches"],
        unknown_labels=counts["unknown"],
        answers=listed,
        other_answers=counts["answers"] - sum(listed.values()),
        largest_error=largest,
        words=words.words(),
    )


def write_summary(summary: Summary, folder: Path) -> None:
    """
    Raises:
        OSError: the disk is full, or cannot be written.
    """
    partial = folder / f".{SUMMARY_FILE}.partial"
    partial.write_text(to_json(asdict(summary), SUMMARY_FILE, indent=1), encoding="utf-8")
    partial.replace(folder / SUMMARY_FILE)


def read_summary(folder: Path, manifest: Manifest) -> Summary:
    """
    Raises:
        InputError: the result is not finished, or its summary cannot be read, or is of another one.
    """
    if not (folder / SUMMARY_FILE).is_file():
        raise InputError(f"The result in {folder.name!r} is not finished: it has no {SUMMARY_FILE}. {_ADVICE}")
    found = read_json(folder / SUMMARY_FILE, Summary, error=InputError, advice=_ADVICE)
    if found.run != manifest.id:
        raise InputError(f"{SUMMARY_FILE} in {folder.name!r} is not of the same result as {MANIFEST_FILE}. {_ADVICE}")
    return found


def _kind(reason: str | None) -> str:
    """A reason without what is quoted, and the numbers, which differ from row to row."""
    plain = _QUOTED.sub("…", reason or "")
    return " ".join("…" if any(map(str.isdigit, word)) else word for word in plain.split())[:80]
