"""Looking into a result without loading it: filters and orders read a few columns, a row group at a time; whole rows
are read for what is shown alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from bcos_core.attribution.record import Attribution
from bcos_core.batch.manifest import Manifest, read_manifest
from bcos_core.batch.schema import LEFT_OUT, SCHEMA, STATES, read_record
from bcos_core.batch.shards import damaged, open_shard, shard_name
from bcos_core.batch.summary import Summary, read_summary
from bcos_core.errors import InputError, UnknownNameError

ORDERS: dict[str, tuple[str, str]] = {
    "unsure": ("confidence", "ascending"),
    "sure": ("confidence", "descending"),
    "surprising": ("surprise", "descending"),
    "expected": ("surprise", "ascending"),
    "high": ("logit", "descending"),
    "low": ("logit", "ascending"),
    "inexact": ("completeness_error", "descending"),
    "mismatch": ("mismatch", "descending"),
}
"""By a column; "data" is the order of the data."""
IN_ORDER = "data"
_PLACE = "place"
_OTHER = {"ascending": "descending", "descending": "ascending"}
_FROM_THE_START = 10_000
"""A page that ends before this number is looked for from the start, without counting what there is."""
_LEAST_SORTED = 10_000
"""Rows that come before it is worth to sort them."""


@dataclass(frozen=True)
class Query:
    """`words` are looked for in the texts (whatever their case), `predicted` is an answer, `state` one of `STATES`,
    `mismatch` keeps answers other than the label; what is None keeps everything.

    Raises:
        UnknownNameError: no such order or state.
    """

    words: str = ""
    predicted: str | None = None
    state: str | None = None
    mismatch: bool | None = None
    order: str = IN_ORDER

    def __post_init__(self) -> None:
        if self.order not in (IN_ORDER, *ORDERS):
            raise UnknownNameError("order", self.order, (IN_ORDER, *ORDERS))
        if self.state not in (None, *STATES):
            raise UnknownNameError("state", self.state, STATES)

    @property
    def keeps_all(self) -> bool:
        return not self.words.strip() and self.predicted is None and self.state is None and self.mismatch is None


@dataclass(frozen=True)
class Found:
    """A row of the data, or a token of one, with its record under each method, in their order; none where it was left
    out, for the `reason`. `reason` also says what was cut."""

    row: int
    id: str | None
    place: int | None
    text: str
    label: str | None
    state: str
    reason: str | None
    predicted: str | None
    confidence: float | None
    surprise: float | None
    completeness_error: float | None
    mismatch: bool | None
    records: tuple[Attribution, ...]


class Result:
    """A finished result in a folder.

    Raises:
        InputError: not one, not finished, or a shard of it is missing, damaged or of another result; the message names
            it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: Manifest = read_manifest(folder)
        self.summary: Summary = read_summary(folder, self.manifest)
        self._paths = [folder / shard_name(number) for number in range(self.summary.shards)]
        for number, path in enumerate(self._paths):
            open_shard(path, number, self.manifest.id).close()
        if foreign := sorted({one.name for one in folder.glob("*.parquet")} - {one.name for one in self._paths}):
            raise InputError(f"The file {foreign[0]} in {folder.name!r} is not of this result. Remove it.")
        self._data = ds.dataset(self._paths, schema=SCHEMA, format="parquet")

    @property
    def _first(self) -> str:
        return self.manifest.methods[0].name

    def count(self, query: Query) -> int:
        """Rows (of a language model, tokens) that the query keeps.

        Raises:
            InputError: a shard is damaged.
        """
        if query.keeps_all:
            return self.summary.entries
        return sum(len(piece) for piece in self._kept(query, ["row"]))

    def page(self, query: Query, start: int, size: int) -> list[Found]:
        """Of the rows that the query keeps, in its order, `size` from number `start` on (from 0).

        Raises:
            InputError: a shard is damaged.
        """
        return self._whole(self._chosen(query, start, size))

    def _chosen(self, query: Query, start: int, size: int) -> list[tuple[int, int | None]]:
        """Row and place of what is on a page. In an order by a column, these numbers and
        the column are in memory, of twice the rows up to the page from the nearer end."""
        if query.order == IN_ORDER:
            passed, keys = 0, list[tuple[int, int | None]]()
            for piece in self._kept(query, ["row", _PLACE]):
                part = piece.slice(max(0, start - passed), start + size - max(start, passed))
                passed += len(piece)
                keys += zip(part["row"].to_pylist(), part[_PLACE].to_pylist(), strict=True)
                if passed >= start + size:
                    break
            return keys
        end = start + size
        if end <= _FROM_THE_START:
            return self._first_of(query, end)[start:]
        total = self.count(query)
        if end <= total // 2:
            return self._first_of(query, end)[start:]
        last = self._first_of(query, total - start, backwards=True)  # the nearer end has fewer before the page
        return last[::-1][:size]

    def _first_of(self, query: Query, most: int, *, backwards: bool = False) -> list[tuple[int, int | None]]:
        """The first `most` in the query's order, or the last, from the end on. They are sorted whenever about as many
        have come as are kept, so that each row is sorted a few times at the most."""
        if most <= 0:
            return []
        column, direction = ORDERS[query.order]
        by = [(column, direction), ("row", "ascending"), (_PLACE, "ascending")]
        keys = [(*one, "at_end") for one in by]  # what has no value comes last
        if backwards:
            keys = [(name, _OTHER[way], "at_start") for name, way in by]
        kept: list[pa.Table] = []
        held = 0
        for piece in self._kept(query, ["row", _PLACE, column]):
            if pa.types.is_boolean(piece[column].type):  # which Arrow does not sort
                piece = piece.set_column(2, column, pc.cast(piece[column], pa.int8()))
            kept.append(piece)
            held += len(piece)
            if held >= 2 * most + _LEAST_SORTED:
                kept = [_sorted(kept, keys, most)]
                held = len(kept[0])
        if not kept:
            return []
        best = _sorted(kept, keys, most)
        return list(zip(best["row"].to_pylist(), best[_PLACE].to_pylist(), strict=True))

    def _kept(self, query: Query, columns: Sequence[str]) -> Iterator[pa.Table]:
        """What the query keeps, of the first method alone, a piece at a time in the order of the data."""
        kept = pc.field("method") == self._first
        if query.predicted is not None:
            kept &= pc.field("predicted") == query.predicted
        if query.state is not None:
            kept &= pc.field("state") == query.state
        if query.mismatch is not None:
            kept &= pc.field("mismatch") == query.mismatch
        if words := query.words.strip():
            kept &= pc.match_substring(pc.field("text"), words, ignore_case=True)
        yield from self._read(list(columns), kept)

    def _read(self, columns: list[str], kept: pc.Expression) -> Iterator[pa.Table]:
        """By file, so that a damaged one is named, and one row group after the other."""
        for fragment in self._data.get_fragments(filter=kept):
            try:
                batches = fragment.scanner(
                    schema=SCHEMA, columns=columns, filter=kept, batch_readahead=1, fragment_readahead=1
                ).to_batches()
                for batch in batches:
                    if batch.num_rows:
                        yield pa.Table.from_batches([batch])
            except (OSError, ValueError, pa.ArrowException) as error:
                raise damaged(Path(fragment.path), error) from error

    def _whole(self, keys: Sequence[tuple[int, int | None]]) -> list[Found]:
        """These rows, in this order, with the records of all methods. By the statistics of the row groups, others are
        not read."""
        if not keys:
            return []
        numbers = sorted({row for row, _ in keys})
        kept = (pc.field("row") >= numbers[0]) & (pc.field("row") <= numbers[-1]) & pc.field("row").isin(numbers)
        if len(numbers) <= 64:  # a row group is passed over by `or`, and not by `isin`
            kept = pc.field("row") == numbers[0]
            for number in numbers[1:]:
                kept |= pc.field("row") == number
        by_key: dict[tuple[int, int | None], list[dict[str, Any]]] = {}
        wanted = set(keys)
        for piece in self._read(SCHEMA.names, kept):
            for row in piece.to_pylist():
                if (key := (row["row"], row[_PLACE])) in wanted:
                    by_key.setdefault(key, []).append(row)
        return [self._found(by_key[key]) for key in keys]

    def _found(self, rows: list[dict[str, Any]]) -> Found:
        first = rows[0]
        records = tuple(read_record(row, self.manifest) for row in rows if row["state"] != LEFT_OUT)
        about = ("row", "id", "place", "label", "state", "reason", "predicted", "confidence", "surprise", "mismatch")
        return Found(
            **{name: first[name] for name in about},
            text=first["text"] or "",
            completeness_error=first["completeness_error"],
            records=records,
        )


def _sorted(tables: Sequence[pa.Table], keys: Sequence[tuple[str, str, str]], most: int) -> pa.Table:
    """The first `most` rows; without the memory of the others."""
    both = pa.concat_tables(tables)
    return both.take(pc.sort_indices(both, sort_keys=keys)[:most]).combine_chunks()
