"""Small data sets, and what the tests of whole data sets do with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from bcos_core.batch.folder import LOCK_FILE
from bcos_core.batch.run import StoredBatch, run_batch
from bcos_core.batch.spec import BatchSpec
from bcos_core.progress import SilentReporter
from bcos_core.text.row_source import RowSource

TEXTS = [f"a {'good' if n % 2 else 'dull'} <b>film</b>{' and so on' * (n % 4)}, no. {n}" for n in range(20)]


def lines(path: Path, rows: list[dict[str, Any]]) -> RowSource:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return RowSource("file", str(path))


def asked(folder: Path, data: RowSource, *methods: str, **options: Any) -> BatchSpec:
    spec = BatchSpec(str(folder), methods or ("bcos",), data, "text", shard_rows=8)
    return replace(spec, **options)


def run(spec: BatchSpec, folder: Path, reporter: SilentReporter | None = None) -> StoredBatch:
    return run_batch(spec, folder, reporter or SilentReporter())


def files(folder: Path) -> dict[str, bytes]:
    """All but the lock."""
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir()) if one.name != LOCK_FILE}
