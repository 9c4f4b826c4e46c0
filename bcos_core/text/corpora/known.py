"""Which published data set a table, folder or archive is."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from bcos_core.errors import DataError
from bcos_core.text.bundle import open_bundle, reading
from bcos_core.text.corpora.eraser import open_eraser, root_of
from bcos_core.text.corpora.hatexplain import DATASET, DIVISIONS, HATEXPLAIN, open_posts
from bcos_core.text.corpora.layout import LaidOut, Layout
from bcos_core.text.corpora.toxic_spans import TOXIC_SPANS
from bcos_core.text.decode import decode
from bcos_core.text.table import Table, require_size

LAYOUTS = (HATEXPLAIN, TOXIC_SPANS)


def layout_of(columns: Collection[str]) -> Layout | None:
    """The layout of a data set by its columns; None for one of plain texts and labels."""
    return next((layout for layout in LAYOUTS if layout.is_of(columns)), None)


def laid_out(table: Table) -> Table:
    """The same as its layout makes it, if it is of one that is known."""
    layout = layout_of(table.columns)
    return LaidOut(table, layout) if layout else table


def open_corpus(path: Path) -> Table:
    """The data set in a folder or archive.

    Raises:
        DataError: none that is known.
    """
    bundle = open_bundle(path)
    names = list(bundle.sizes)
    if (root := root_of(names)) is not None:
        return open_eraser(bundle, root)
    dataset = next((name for name in names if PurePosixPath(name).name == DATASET), None)
    if dataset is not None:
        divisions = next((name for name in names if PurePosixPath(name).name == DIVISIONS), None)
        wanted = [dataset, *([divisions] if divisions else [])]
        for name in wanted:
            require_size(bundle.sizes[name], name)
        with reading(bundle.name):
            texts = {name: decode(content, name) for name, content in bundle.read(wanted).items()}
        return open_posts(texts[dataset], texts[divisions] if divisions else None, DATASET)
    raise DataError(
        f"{path.name} holds no data set that is known. Folders and archives are read of ERASER data sets (train.jsonl "
        f"with docs/ or docs.jsonl) and of HateXplain ({DATASET} with {DIVISIONS}); of all others give the file itself."
    )
