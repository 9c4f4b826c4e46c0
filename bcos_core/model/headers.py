"""The headers of a model folder's weight files: which tensors there are, in which shapes. Small, whatever the file is.

PyTorch is not needed for it, so a list of models can be checked as well.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bcos_core.errors import CheckpointError
from bcos_core.storage.stored_json import read_json

WEIGHTS = "model.safetensors"
INDEX = ".index.json"  # of a model in several files (shards): which tensor lies in which

# A tensor takes some 100 bytes of a header: BERT-large's has 50 KB.
MAX_HEADER_BYTES = 16_000_000
MAX_SHARDS = 1_000
FLOATING = ("F64", "F32", "F16", "BF16")
ADVICE = "Copy the folder anew."


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a weight file: its name there, its shape, its type in safetensors' words."""

    key: str
    shape: tuple[int, ...]
    dtype: str
    file: Path

    @property
    def floating(self) -> bool:
        """Whole numbers in place of weights are quantised: without their scales they mean nothing."""
        return self.dtype in FLOATING


Headers = dict[str, StoredTensor]


@dataclass(frozen=True)
class _Entry:
    """A header's entry for a tensor; that for the metadata has none of these."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    data_offsets: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Index:
    weight_map: dict[str, str]


def safetensors_headers(folder: Path) -> Headers | None:
    """The tensors of a folder's safetensors files by name, of all shards; None where it has no such files.

    Raises:
        CheckpointError: a file that is missing, damaged or cut.
    """
    if (folder / WEIGHTS).is_file():
        return read_header(folder / WEIGHTS)
    if (folder / f"{WEIGHTS}{INDEX}").is_file():
        return read_shards(folder / f"{WEIGHTS}{INDEX}", read_header)
    return None


def read_header(file: Path) -> Headers:
    """The tensors of one safetensors file.

    Raises:
        CheckpointError: it is damaged or cut.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size - 8, MAX_HEADER_BYTES):
                raise ValueError(f"a header of {length:,} bytes")
            entries = msgspec.json.decode(stream.read(length), type=dict[str, _Entry])
        entries.pop("__metadata__", None)
        ends = [entry.data_offsets[1] for entry in entries.values() if entry.data_offsets is not None]
        if len(ends) < len(entries) or max(ends, default=0) != size - 8 - length:
            raise ValueError(f"{size:,} bytes, which are not those that its header tells of")
    except (OSError, ValueError, struct.error) as error:
        raise damaged(file, error) from error
    return {key: StoredTensor(key, entry.shape, entry.dtype, file) for key, entry in entries.items()}


def read_shards(index: Path, header_of: Callable[[Path], Mapping[str, StoredTensor]]) -> Headers:
    """The tensors of all shards that an index names. The index and the shards must agree.

    Raises:
        CheckpointError: they do not, or a file is missing or damaged.
    """
    folder = index.parent
    places = read_json(index, _Index, error=CheckpointError, advice=ADVICE).weight_map
    files = sorted(set(places.values()))
    if not 1 <= len(files) <= MAX_SHARDS:
        raise CheckpointError(f"{folder.name}/{index.name} names {len(files):,} files; expected 1 to {MAX_SHARDS:,}.")
    found: Headers = {}
    for file in files:
        if Path(file).name != file or not file.endswith((".safetensors", ".bin")):
            raise CheckpointError(f"{folder.name}/{index.name} names {file!r}, which is not a weight file beside it.")
        if not (folder / file).is_file():
            raise CheckpointError(f"{folder.name} lacks {file}, one of its {len(files)} weight files. {ADVICE}")
        for key, tensor in header_of(folder / file).items():
            if places.get(key) != file:
                raise CheckpointError(
                    f"{folder.name}/{file} holds {key!r}, which {index.name} places elsewhere: the files are of two "
                    f"models. {ADVICE}"
                )
            found[key] = tensor
    if absent := [key for key in places if key not in found]:
        raise CheckpointError(
            f"{folder.name}/{index.name} names {absent[0]!r}, which its weight files do not hold: the files are of two "
            f"models. {ADVICE}"
        )
    return found


def output_count(headers: Mapping[str, StoredTensor], last: str) -> int | None:
    """How many classes a classifier's last layer has, whatever stands before its name; None where there is none."""
    rows = {
        tensor.shape[0]
        for key, tensor in headers.items()
        if f".{key}".endswith(f".{last}.weight") and len(tensor.shape) == 2
    }
    return rows.pop() if len(rows) == 1 else None


def damaged(file: Path, error: Exception) -> CheckpointError:
    """A file that cannot be read, as an error to raise."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return CheckpointError(
        f"{file.parent.name}/{file.name} cannot be loaded ({reason[:200]}): it is damaged or cut. {ADVICE}"
    )
