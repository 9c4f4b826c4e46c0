"""Published data sets in the shape of their authors' files, and the folders and archives that they come in."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

LABELS = ("normal", "hatespeech", "offensive")


def post(number: int) -> dict[str, Any]:
    """As the authors have it: those who find a post normal mark nothing and have no list. The third person finds every
    post offensive."""
    label = LABELS[number % 3]
    marks = [[0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    return {
        "post_id": f"{number}_gab",
        "annotators": [{"label": label, "annotator_id": n, "target": ["None"]} for n in (1, 2)]
        + [{"label": "offensive", "annotator_id": 3, "target": ["None"]}],
        "rationales": marks[2:] if label == "normal" else marks,
        "post_tokens": ["these", "<user>", "words", f"no{number}"],
    }


def hatexplain(extra: dict[str, Any] | None = None) -> dict[str, Any]:
    return {f"{n}_gab": post(n) for n in range(60)} | (extra or {})


def divisions() -> dict[str, list[str]]:
    return {
        "train": [f"{n}_gab" for n in range(36)],
        "val": [f"{n}_gab" for n in range(36, 48)],
        "test": [f"{n}_gab" for n in range(48, 60)],
    }


def write(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def zipped(path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return path


def tarred(path: Path, files: dict[str, Any]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = (content if isinstance(content, str) else json.dumps(content)).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


REVIEW = "the film is  dull .\nit never ends , and\n\nnobody cares .\n"


def movie(number: int, side: str) -> dict[str, Any]:
    label = ("NEG", "POS")[number % 2]
    own = f"{label.lower()}R_{number:03}.txt"
    # Tokens: the0 film1 is2 dull3 .4 it5 never6 ends7 ,8 and9 nobody10 cares11 .12 no13
    evidence = [
        [{"docid": own, "start_token": 3, "end_token": 4, "start_sentence": 0, "end_sentence": 1, "text": "dull"}],
        [
            {
                "docid": own,
                "start_token": 9,
                "end_token": 12,
                "start_sentence": 1,
                "end_sentence": 3,
                "text": "and nobody cares",
            }
        ],
    ]
    return {
        "annotation_id": own,
        "classification": label,
        "docids": None,
        "evidences": evidence if number % 4 else [],
        "query": "What is the sentiment of this review?",
        "query_type": None,
    }


def movies() -> dict[str, str]:
    sides = {"train": range(24), "val": range(24, 32), "test": range(32, 40)}
    rows = {side: [movie(number, side) for number in numbers] for side, numbers in sides.items()}
    docs = {
        f"movies/docs/{row['annotation_id']}": f"{REVIEW}no{n}"
        for n, row in enumerate(row for some in rows.values() for row in some)
    }
    return {f"movies/{side}.jsonl": "\n".join(map(json.dumps, some)) for side, some in rows.items()} | docs
