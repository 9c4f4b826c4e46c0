"""ERASER (DeYoung et al., ACL 2020, arXiv 1911.03429): documents, labels, and the stretches of tokens that people gave
as evidence.

One folder a data set: `docs/` with a file for each document, or `docs.jsonl`; and `train.jsonl`, `val.jsonl` and
`test.jsonl`, whose rows have a `classification`, a `query` and `evidences`, groups of stretches of a document's tokens.
The tokens of a document stand between spaces and line breaks, numbered through over its lines. All groups together are
the rationale, as in the authors' scores.

A data set with one query for all rows is one of single texts (movies); with a premise and a hypothesis for each row one
of these pairs (e-SNLI); else one of pairs of a query and a passage (BoolQ, MultiRC, FEVER).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from bcos_core.errors import DataError
from bcos_core.text.bundle import Bundle, reading
from bcos_core.text.corpora.layout import RowsTable
from bcos_core.text.decode import decode
from bcos_core.text.json_table import JsonLinesTable
from bcos_core.text.pair import without_separator
from bcos_core.text.table import Table, require_size

SIDES = {"train.jsonl": "train", "val.jsonl": "validation", "test.jsonl": "test"}
_PREMISE, _HYPOTHESIS = "_premise", "_hypothesis"
_EXPECTED = "Expected the files of an ERASER data set: docs/ or docs.jsonl, train.jsonl, val.jsonl and test.jsonl"


@dataclass(frozen=True)
class _Row:
    """A row of a side; `number` is its line."""

    file: str
    number: int
    id: str
    query: str
    label: object
    documents: tuple[str, ...]
    evidences: tuple[Mapping[str, Any], ...]

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.number:,}"


def root_of(names: Sequence[str]) -> str | None:
    """The folder in a bundle that holds an ERASER data set ("" or "movies/"); None where there is none."""
    roots = [name.removesuffix("train.jsonl") for name in names if name.split("/")[-1] == "train.jsonl"]
    for root in sorted(roots, key=len):
        if any(name == f"{root}docs.jsonl" or name.startswith(f"{root}docs/") for name in names):
            return root
    return None


def open_eraser(bundle: Bundle, root: str) -> Table:
    """The data set in a folder of a bundle.

    Raises:
        DataError: not such a data set, or an evidence that is not in its document.
    """
    wanted = [
        name
        for name in bundle.sizes
        if name.removeprefix(root) in (*SIDES, "docs.jsonl") or name.startswith(f"{root}docs/")
    ]
    for name in wanted:
        if name.endswith(".jsonl"):
            require_size(bundle.sizes[name], name)
    with reading(bundle.name):
        files = {name.removeprefix(root): content for name, content in bundle.read(wanted).items()}
    documents = _documents(files)
    rows = [row for file in SIDES if file in files for row in _rows(file, files[file], documents)]
    if not rows:
        raise DataError(f"{bundle.name} has no rows. {_EXPECTED}.")
    table = _table(rows, documents)
    table.rationale_column, table.side_column = "evidence", "split"
    return table


def _documents(files: Mapping[str, bytes]) -> dict[str, str]:
    """The texts of all documents, by id."""
    if "docs.jsonl" in files:
        table = JsonLinesTable(decode(files["docs.jsonl"], "docs.jsonl"), "docs.jsonl")
        listed = list(table.rows(("docid", "document")))
        if wrong := next((one for one in listed if not all(isinstance(part, str) for part in one)), None):
            raise DataError(f"A document is {wrong!r:.60}; expected a docid and a document, both texts.")
        found = dict(listed)
    else:
        found = {
            name.removeprefix("docs/"): decode(content, name)
            for name, content in files.items()
            if name.startswith("docs/")
        }
    return {
        key: without_separator(text.replace("\r\n", "\n").replace("\r", "\n")).strip() for key, text in found.items()
    }


def _rows(file: str, content: bytes, documents: Mapping[str, str]) -> list[_Row]:
    table = JsonLinesTable(decode(content, file), file)
    if missing := {"annotation_id", "classification", "evidences"} - set(table.columns):
        raise DataError(f"{file} has no {sorted(missing)[0]}; it has {', '.join(table.columns)}. {_EXPECTED}.")
    fields = ("annotation_id", "classification", "evidences", "query", "docids")
    rows = []
    for number, (key, label, groups, query, ids) in table.numbered_rows(fields):
        evidences = tuple(chain.from_iterable(groups or ())) if _is_list_of(groups or [], list) else (None,)
        if not all(isinstance(one, dict) and isinstance(one.get("docid"), str) for one in evidences):
            raise DataError(f"{file}, line {number:,}: evidences are groups of objects with a docid each.")
        if not _is_list_of(ids or [], str):
            raise DataError(f"{file}, line {number:,}: docids are {ids!r:.60}; expected a list of names of documents.")
        named = dict.fromkeys([*(ids or ()), *(one["docid"] for one in evidences)])
        own = (str(key), f"{key}{_PREMISE}", f"{key}{_HYPOTHESIS}")
        named |= {} if ids else dict.fromkeys(one for one in own if one in documents)
        for one in named:
            if one not in documents:
                raise DataError(f"{file}, line {number:,}: there is no document {one!r}. {_EXPECTED}.")
        rows.append(_Row(file, number, str(key), str(query or ""), label, tuple(named), evidences))
    return rows


def _is_list_of(given: object, kind: type) -> bool:
    return isinstance(given, list) and all(isinstance(one, kind) for one in given)


def _table(rows: Sequence[_Row], documents: Mapping[str, str]) -> RowsTable:
    queries = {row.query for row in rows}
    cells: list[tuple[Any, ...]] = []
    columns: tuple[str, ...]
    if all(_halves(row) for row in rows):
        columns = ("premise", "hypothesis")
        for row in rows:
            ids = _halves(row)
            cells.append((*(documents[one] for one in ids), row.label, _evidence(row, documents, ids)))
    else:
        columns = ("text",) if len(queries) == 1 else ("query", "passage")
        for row in rows:
            if len(row.documents) != 1:
                raise DataError(
                    f"{row.place}: {len(row.documents)} documents. A row has one, or a premise and a hypothesis "
                    f"(…{_PREMISE}, …{_HYPOTHESIS})."
                )
            (one,) = row.documents
            query = [without_separator(row.query).strip()] if len(queries) > 1 else []
            cells.append((*query, documents[one], row.label, _evidence(row, documents, (one,), before=query)))
    sides = (SIDES[row.file] for row in rows)
    return RowsTable(
        (*columns, "label", "evidence", "split"), [(*row, side) for row, side in zip(cells, sides, strict=True)]
    )


def _halves(row: _Row) -> tuple[str, ...]:
    """Its premise and its hypothesis, where it has both and nothing else."""
    ends = {end: one for one in row.documents for end in (_PREMISE, _HYPOTHESIS) if one.endswith(end)}
    return (ends[_PREMISE], ends[_HYPOTHESIS]) if len(ends) == 2 == len(row.documents) else ()


def _evidence(
    row: _Row, documents: Mapping[str, str], ids: Sequence[str], *, before: Sequence[str] = ()
) -> list[list[list[int]]]:
    """The characters of all evidence, in the texts as a pair has them, one after the other with a character between;
    `before` are texts without evidence in front of them."""
    starts: dict[str, int] = {}
    at = sum(len(text) + 1 for text in before)
    for one in ids:
        starts[one] = at
        at += len(documents[one]) + 1
    tokens = {one: token_spans(documents[one]) for one in ids}
    spans = []
    for evidence in row.evidences:
        one, first, last = evidence["docid"], evidence.get("start_token"), evidence.get("end_token")
        known = tokens[one]
        if not (isinstance(first, int) and isinstance(last, int) and 0 <= first < last <= len(known)):
            raise DataError(
                f"{row.place}: the evidence from token {first} to {last} is not in {one!r}, which has {len(known):,} "
                "tokens. The first token has the number 0, the end is left out."
            )
        spans.append([starts[one] + known[first][0], starts[one] + known[last - 1][1]])
    return [spans]


@lru_cache(maxsize=4096)  # many rows of some data sets ask about one document
def token_spans(document: str) -> list[tuple[int, int]]:
    """The characters of each token of a document: what stands between spaces, line by line (the authors' reader)."""
    spans, at = [], 0
    for line in document.split("\n"):
        first = at + len(line) - len(line.lstrip())
        stripped = line.strip()
        spans += [(first + found.start(), first + found.end()) for found in re.finditer("[^ ]+", stripped)]
        at += len(line) + 1
    return spans
