"""Rows of data explained, a chunk at a time: what one process, or one worker of a cluster, does with a loaded model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bcos_core.attribution.answer_rows import Row, is_finite, next_rows
from bcos_core.attribution.api import explain
from bcos_core.attribution.question import resolve_target
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.versions import versions
from bcos_core.batch.manifest import Manifest, UsedMethod
from bcos_core.batch.schema import SCHEMA, Given, left_out, row_of, row_of_token
from bcos_core.batch.spec import BatchSpec, span_of
from bcos_core.errors import DataError, TextError
from bcos_core.model.classifier import Classifier
from bcos_core.model.identity import library_versions
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.load import load
from bcos_core.model.passes import by_halves
from bcos_core.model.view import ModelView
from bcos_core.storage.plain import to_plain
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.labels import label_names, text_value
from bcos_core.text.pair import SEPARATOR
from bcos_core.text.prompt import encode_prompt
from bcos_core.text.rows import Rows
from bcos_core.text.table import MAX_CELL_CHARACTERS

CHUNK_ROWS, CHUNK_CHARACTERS = 256, 4_000_000
"""Rows that are read, sorted by length and explained together, fewer of long texts: what is in memory at once. Counted
from the first row of a shard, so that a shard is the same whoever computes it."""
GROUP_NUMBERS = 500_000
"""Of the next tokens of a span, about so many scores are in memory at once: those of a text are its length squared."""

Beat = Callable[[int], None]
"""Hears of how many more rows the work is done."""


class Explainer:
    """A loaded model, and what is asked of it.

    Raises:
        CheckpointError, UnsupportedModelError: the model cannot be loaded.
        UnknownNameError: an output that it lacks.
        InputError: a reference that its tokenizer has no token for.
    """

    def __init__(self, spec: BatchSpec) -> None:
        self.spec, self.model = spec, load(Path(spec.checkpoint), precision=spec.precision)
        self.target = (
            resolve_target(self.model.labels, spec.target, spec.minus) if isinstance(self.model, Classifier) else None
        )
        self._view = ModelView(self.model.model, explanation_mode=True)

    def manifest(self, rows: Rows) -> Manifest:
        """What a result of this model on these rows is computed from and under."""
        model, spec = self.model, self.spec
        return Manifest(
            model=model.name,
            folder=str(spec.checkpoint),
            identity=model.identity,
            weights_hash=model.weights_hash,
            task_type=model.task_type.name if isinstance(model, Classifier) else NextToken.name,
            labels=model.labels if isinstance(model, Classifier) else (),
            vocabulary=model.vocabulary if isinstance(model, LanguageModel) else 0,
            data=spec.data.argument,
            fingerprint=rows.fingerprint,
            rows=rows.count,
            methods=tuple(_used(name, model) for name in spec.methods),
            options=to_plain(spec.options),
            versions={**versions(model), **library_versions()},
            schema=tuple((field.name, str(field.type)) for field in SCHEMA),
        )

    def groups(
        self, cells: Sequence[tuple[Any, ...]], first: int, beat: Beat = lambda done: None
    ) -> Iterator[list[dict[str, Any]]]:
        """The rows of the result for some rows of the data, whose first is number `first`, counted from 1: in their
        order, none left out, in groups of which each fits into memory."""
        given = [self._given(row, number) for number, row in enumerate(cells, first)]
        if isinstance(self.model, Classifier):
            found = self._of_texts(given, beat)
            yield [row for one in given for row in found[one.row]]
        else:
            yield from self._of_tokens(given, beat)

    def _given(self, cells: tuple[Any, ...], number: int) -> Given:
        spec, row = self.spec, dict(zip(self.spec.columns, cells, strict=True))
        about: dict[str, Any] = {
            "id": None if spec.id_column is None else _word(row[spec.id_column], spec.id_column),
            "label": None if spec.label_column is None else _word(row[spec.label_column], spec.label_column),
        }
        names = [name for name in (spec.text_column, spec.second_column) if name is not None]
        try:
            parts = [text_value(row[name], name) for name in names]
        except DataError:
            kinds = ", ".join(sorted({type(row[name]).__name__ for name in names}))
            return Given(number, "", **about, reason=f"It is no text: {kinds}.")
        if not all(parts):
            which = "A text of the pair" if len(parts) > 1 else "The text"
            return Given(number, SEPARATOR.join(parts), **about, reason=f"{which} is empty.")
        if (length := max(map(len, parts))) > MAX_CELL_CHARACTERS:
            reason = f"The text has {length:,} characters; at most {MAX_CELL_CHARACTERS:,} are read."
            return Given(number, "", **about, reason=reason)
        return Given(number, SEPARATOR.join(parts), **about)

    def _of_texts(self, given: Sequence[Given], beat: Beat) -> dict[int, list[dict[str, Any]]]:
        assert isinstance(self.model, Classifier)
        tokenizer, limit = self.model.tokenizer, self.model.max_length
        found = {
            one.row: [left_out(one, name, one.reason) for name in self.spec.methods] for one in given if one.reason
        }
        fine = [one for one in given if one.reason is None]
        read: list[Encoded] = []
        try:
            read = encode(tokenizer, [one.text for one in fine], limit)
        except TextError:  # one that the tokenizer reads nothing of: each by itself says which
            kept = []
            for one in fine:
                try:
                    read += encode(tokenizer, [one.text], limit)
                    kept.append(one)
                except TextError as error:
                    found[one.row] = [left_out(one, name, _said(error)) for name in self.spec.methods]
            fine = kept
        beat(len(found))
        for places in self._passes([len(one) for one in read]):
            texts = [read[place] for place in places]
            for name in self.spec.methods:
                records = explain(self.model, texts, method=name, target=self.target, batch_size=len(texts))
                for place, record in zip(places, records, strict=True):
                    found.setdefault(fine[place].row, []).append(row_of(fine[place], record))
            beat(len(places))
        return found

    def _of_tokens(self, given: Sequence[Given], beat: Beat) -> Iterator[list[dict[str, Any]]]:
        for group in _groups([asked for one in given for asked in self._asked(one)]):
            (method,) = self.spec.methods
            rows = [left_out(one.given, method, one.reason) for one in group if one.reason is not None]
            beat(sum(one.is_last for one in group if one.read is None))
            told = [one for one in group if one.read is not None]
            for places in self._passes([one.place for one in told]):
                some = [told[place] for place in places]
                rows += map(self._row_of_token, some, self._next_rows(some))
                beat(sum(one.is_last for one in some))
            yield sorted(rows, key=lambda row: (row["row"], row.get("place") or 0))

    def _asked(self, given: Given) -> list[_Asked]:
        """What is explained of a text, or why nothing is."""
        assert isinstance(self.model, LanguageModel)
        if given.reason is not None:
            return [_Asked(given, reason=given.reason)]
        try:
            read = encode_prompt(self.model.tokenizer, given.text, self.model.max_length)
        except TextError as error:
            return [_Asked(given, reason=_said(error))]
        # The first token has nothing before it that could explain it.
        places = [place for place in range(len(read))[span_of(self.spec.span)] if place > 0]
        if not places:
            reason = f"Its {len(read):,} tokens have none in the span {self.spec.span} that follows another."
            return [_Asked(given, reason=reason)]
        return [_Asked(given, read, place, is_last=place == places[-1]) for place in places]

    def _next_rows(self, some: Sequence[_Asked]) -> list[Row]:
        assert isinstance(self.model, LanguageModel)
        model = self.model
        asked = [(one.read, one.place) for one in some if one.read is not None]
        parts = by_halves(asked, len(asked), model.device, lambda part: next_rows(model, self._view, part))
        return [row for part in parts for row in part]

    def _row_of_token(self, asked: _Asked, row: Row) -> dict[str, Any]:
        assert isinstance(self.model, LanguageModel)
        (method,), model = self.spec.methods, self.model
        if not is_finite(row):
            return left_out(asked.given, method, "The contributions are not finite numbers.") | {"place": row.place}
        likeliest = model.token_text(row.likeliest), row.confidence
        label = model.token_text(row.token)
        return row_of_token(asked.given, method, asked.read, row, label=label, likeliest=likeliest)

    def _passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Places of texts of similar length that go through the model together, the longest first: as many as are
        quickest, as far as the free memory goes (`bcos_core.model.passes`)."""
        order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
        while order:
            size = self.model.rows_per_pass(lengths[order[0]], keeps_factors=True)
            yield order[:size]
            order = order[size:]


@dataclass(frozen=True)
class _Asked:
    """A token of a text that is to be explained, at `place` in what was `read` of it; or why the text is left out.
    After the last one of a text its row is done."""

    given: Given
    read: Encoded | None = None
    place: int = 0
    reason: str | None = None
    is_last: bool = True

    @property
    def numbers(self) -> int:
        """About how many are kept for it; the text stands in each of its rows, eight characters for one."""
        return 1 + self.place + len(self.given.text) // 8


def _groups(asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """All of them in their order, as many at a time as fit into memory: at least one."""
    group: list[_Asked] = []
    numbers = 0
    for one in asked:
        if group and numbers + one.numbers > GROUP_NUMBERS:
            yield group
            group, numbers = [], 0
        group.append(one)
        numbers += one.numbers
    if group:
        yield group


def chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a shard, as many at a time as are explained together."""
    chunk: list[tuple[Any, ...]] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(chunk) == CHUNK_ROWS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _used(name: str, model: Classifier | LanguageModel) -> UsedMethod:
    """With the parameters that its records have."""
    method = METHODS[name]
    if isinstance(model, LanguageModel):  # its own sum over a span is against nothing
        return UsedMethod(name, {}, method.additive, method.stochastic)
    reference = method.checked_reference(None, tokens_of(model.tokenizer))
    parameters = {**({"reference": reference} if method.references else {}), **method.checked_options({})}
    return UsedMethod(name, parameters, method.additive, method.stochastic)


def _word(cell: Any, column: str) -> str | None:
    """A cell of an id or label column as text; None where there is none, or no single one."""
    try:
        return label_names([cell], column)[0] or None
    except DataError:
        return None


def _said(error: TextError) -> str:
    """Why a text cannot be read, without its number among others."""
    return str(error).removeprefix("Text 1 ").removeprefix("Text 1, ")
