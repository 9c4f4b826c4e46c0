"""Archives and folders of known data sets: names that lead out, links, bombs, headers that lie."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bcos_core.text.content import choice_hash
from bcos_core.text.files import comes_with_rationales, load_file
from bcos_core.text.preview import preview_file
from bcos_core.text.running import TextSource, load_texts
from bcos_core.text.tasks import TaskChoice
from bcos_core.text.upload import save_upload
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.text.corpus_files import divisions, hatexplain, movies

BOMB = 5_000_000
"""Bytes of zeros, some thousand packed: enough to be seen in the memory, if it were unpacked over and over."""


@dataclass(frozen=True)
class Packed:
    """Files in an archive of that ending, or in a folder (""): of `links`, the name of each leads to a place."""

    ending: str
    files: tuple[tuple[str, bytes], ...]
    links: tuple[tuple[str, str], ...] = ()
    damages: tuple[damage.Damage, ...] = ()
    lies: int | None = None
    """The size that a zip file declares of its last file."""


def files_of(content: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [(name, (one if isinstance(one, str) else json.dumps(one)).encode()) for name, one in content.items()]


def make(ground: Ground) -> tuple[st.SearchStrategy[Packed], Callable[[Packed], object]]:
    outside = str(ground.outside)
    posts = dict(list(hatexplain().items())[:9])
    spans = {"tsd_train.csv": 'spans,text\n"[0, 1]",so dull\n[],fine\n' * 8}
    whole = [
        files_of({"dataset.json": posts, "post_id_divisions.json": divisions()}),
        files_of(movies()),
        files_of(spans),
        files_of({"a.txt": "One text.\n\nAnother text.", "b.txt": "A third."}),
    ]
    names = st.one_of(
        values.texts,
        st.sampled_from(
            (
                *(
                    f"{outside}/secret.csv",
                    "../../outside/secret.csv",
                    "docs/../../../../outside/secret.csv",
                    "..",
                    "/",
                ),
                *(
                    "docs/",
                    "docs.jsonl",
                    "train.jsonl",
                    "val.jsonl",
                    "movies/docs/posR_001.txt",
                    "dataset.json",
                    "a\\b",
                ),
                *("__MACOSX/x", ".hidden", "docs//x", "./dataset.json", "x" * 250, "a/" * 100 + "x", "D" * 70_000),
            )
        ),
    )
    links = st.tuples(
        names, st.sampled_from((outside, f"{outside}/secret.csv", "/etc/passwd", ".", "..", "train.jsonl"))
    )
    contents = st.one_of(
        st.sampled_from((b"", b"\x00" * BOMB, b"[" * 5000, b"{}", b"text,label\na,b\n", b"\xff" * 20)),
        values.changes.map(lambda what: values.written(values.changed(posts, what))),
    )
    endings = (".zip", ".zip", ".tar", ".tar.gz", ".tgz", ".gz", "")

    @st.composite
    def cases(draw: st.DrawFn) -> Packed:
        files = list(draw(st.sampled_from(whole)))
        for _ in range(draw(st.integers(0, 3))):
            place = draw(st.integers(0, len(files) - 1))
            name, content = files[place]
            what = draw(st.sampled_from(("damage", "json", "name", "add", "remove", "twice")))
            if what == "damage":
                files[place] = (name, damage.damaged(content, draw(damage.damages)))
            elif what == "json":
                files[place] = (name, b"\n".join(_json_lines(content, draw(values.changes))))
            elif what == "name":
                files[place] = (draw(names), content)
            elif what == "add":
                files.append((draw(names), draw(contents)))
            elif what == "twice":
                files.append((name, draw(contents)))
            elif len(files) > 1:
                del files[place]
        ending = draw(st.sampled_from(endings))
        some = tuple(draw(st.lists(links, max_size=2))) if ending != ".zip" else ()
        hurt = tuple(draw(damage.damages)) if draw(st.integers(0, 2)) == 0 else ()
        lies = draw(st.sampled_from((None, None, None, 0, 1, 2**31, 2**32 - 1)))
        return Packed(ending, tuple(files), some, hurt, lies)

    def send(case: Packed) -> object:
        case = _writable(case)
        if not case.ending:
            with ground.folder() as folder:
                _lay(folder / "data", case, ground)
                return _read(folder / "data")
        packed = _zip(case) if case.ending == ".zip" else _tar(case)
        path = save_upload(ground.home, f"data{case.ending}", damage.damaged(packed, list(case.damages)))
        try:
            return _read(path)
        finally:
            path.unlink(missing_ok=True)
            path.parent.rmdir()

    return cases(), send


def _writable(case: Packed) -> Packed:
    """With names that Python's own writers of archives take."""

    def name(given: str) -> str:
        return given.encode("utf-8", "replace").decode().replace("\x00", "0")[:60_000]

    files = tuple((name(one), content) for one, content in case.files)
    return replace(case, files=files, links=tuple((name(one), name(target)) for one, target in case.links))


def _json_lines(content: bytes, what: list[values.Change]) -> list[bytes]:
    """JSON or JSON lines with changes in one of them; other content, and what is nested too deep, as it is."""
    rows = content.split(b"\n")
    try:
        return [values.written(values.changed(json.loads(rows[0]), what)), *rows[1:]]
    except (ValueError, RecursionError):
        return rows


def _read(path: Path) -> object:
    comes_with_rationales(path)
    choice_hash(TaskChoice("file", str(path)))
    if path.is_dir() and any(path.glob("*.txt")):
        return load_texts(TextSource("file", str(path))).train[:3]
    return preview_file(path).rows, load_file(path).train.texts[:3]


def _lay(folder: Path, case: Packed, ground: Ground) -> None:
    """The files in a folder, as far as their names are names of files in it: somebody has unpacked them."""
    folder.mkdir()
    for name, content in case.files:
        path = _inside(folder, name)
        if path is not None and not path.exists():
            path.write_bytes(content[:100_000])
    for name, target in case.links:
        path = _inside(folder, name)
        if path is not None and not path.is_symlink() and not path.exists():
            path.symlink_to(target)


def _inside(folder: Path, name: str) -> Path | None:
    try:
        path = folder / name.lstrip("/")
        if ".." in path.parts or path == folder or len(name) > 200:
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
    except (OSError, ValueError):
        return None


def _zip(case: Packed) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in case.files:
            info = zipfile.ZipInfo()
            info.compress_type = zipfile.ZIP_DEFLATED
            info.filename = name
            archive.writestr(info, content)
        if case.lies is not None and archive.filelist:
            archive.filelist[-1].file_size = case.lies
    return file.getvalue()


def _tar(case: Packed) -> bytes:
    file = io.BytesIO()
    mode: Any = "w" if case.ending == ".tar" else "w:gz"
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in case.files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in case.links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return file.getvalue()


SURFACE = Surface("archives", "zip and tar files and folders of data sets", make)
