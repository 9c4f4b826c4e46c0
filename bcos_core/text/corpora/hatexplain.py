"""HateXplain (Mathew et al., AAAI 2021, arXiv 2012.10289): posts with the labels and the reasons of three people.

The authors' files: `dataset.json`, an object of posts by their ids, and `post_id_divisions.json`, the ids of each side.
On the hub, and in what is saved from there, the same posts are rows.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bcos_core.errors import DataError
from bcos_core.text.corpora.layout import LaidOut, Layout, RowsTable
from bcos_core.text.table import Table, require_rows

DATASET, DIVISIONS = "dataset.json", "post_id_divisions.json"
_HUB_LABELS = ("hatespeech", "normal", "offensive")
"""What numbers stand for where labels are numbers (the order of the data set's card)."""
_SIDES = {"train": "train", "val": "validation", "test": "test"}
_BEGINS = 5_000
_UNLIKE = (
    f"Expected the authors' {DATASET}: an object of posts, each with post_tokens (words), annotators (each with a "
    "label) and rationales (of each person a 0 or 1 for each word)"
)


def _cells(tokens: Any, annotators: Any, rationales: Any) -> tuple[Any, ...]:
    """Text, label, toxicity and rationales of a post: of one that most found normal none, since what a single person
    marked there is no reason for that label (nor do the authors score it)."""
    if not (isinstance(tokens, list) and all(isinstance(token, str) for token in tokens)):
        raise DataError(f"A post's words are {tokens!r:.60}. {_UNLIKE}.")
    labels = _labels(annotators)
    toxicity = _majority(["non-toxic" if label == "normal" else "toxic" for label in labels])
    named = None if toxicity == "non-toxic" else _spans(tokens, rationales or [])
    return " ".join(tokens), _majority(labels), toxicity, named


def _labels(annotators: Any) -> list[str]:
    """Of each person; the hub has a list for each field, the authors an object for each person."""
    given = annotators.get("label") if isinstance(annotators, Mapping) else None
    if given is None and isinstance(annotators, list):
        given = [one.get("label") if isinstance(one, Mapping) else None for one in annotators]
    if not isinstance(given, list):
        raise DataError(f"A post's annotators are {annotators!r:.60}. {_UNLIKE}.")
    named = [
        _HUB_LABELS[one] if isinstance(one, int) and 0 <= one < len(_HUB_LABELS) else str(one).lower() for one in given
    ]
    if unknown := sorted(set(named) - set(_HUB_LABELS)):
        raise DataError(f"A post's label is {unknown[0]!r:.60}. Known: {', '.join(_HUB_LABELS)}.")
    return named


def _majority(labels: list[str]) -> str | None:
    """What more than half of the people said; None where there is no such label, as the authors leave it out."""
    label, times = Counter(labels).most_common(1)[0] if labels else (None, 0)
    return label if 2 * times > len(labels) else None


def _spans(tokens: list[str], rationales: Any) -> list[list[list[int]]] | None:
    """What each person marked, as characters; words that follow each other are one span. None where marks do not fit
    the words: nobody knows which they mean."""
    if not isinstance(rationales, list):
        return None
    starts, at = [], 0
    for token in tokens:
        starts.append(at)
        at += len(token) + 1
    people = []
    for marks in rationales:
        if not isinstance(marks, list) or len(marks) != len(tokens) or any(mark not in (0, 1) for mark in marks):
            return None
        spans: list[list[int]] = []
        for place, mark in enumerate(marks):
            end = starts[place] + len(tokens[place])
            if mark and place and marks[place - 1]:
                spans[-1][1] = end
            elif mark:
                spans.append([starts[place], end])
        people.append(spans)
    return people


HATEXPLAIN = Layout(
    name="HateXplain",
    reads=("post_tokens", "annotators", "rationales"),
    columns=("text", "label", "toxicity", "rationales"),
    rationale="rationales",
    cells=_cells,
    blank={
        "label": "A post has no label where no more than half of its annotators chose the same one.",
        "toxicity": "A post has no label where as many annotators found it normal as did not.",
    },
)


def holds_posts(text: str) -> bool:
    """Whether a JSON file's text begins as the authors' file does: an object whose first value is a post."""
    begins = text[:_BEGINS]
    return bool(re.match(r'\s*\{\s*"[^"]*"\s*:\s*\{', begins)) and '"annotators"' in begins


def open_posts(text: str, divisions: str | None, name: str) -> Table:
    """The posts of the authors' file, on the authors' sides where these were given.

    Raises:
        DataError: not such a file.
    """
    posts = _object(text, name)
    require_rows(len(posts), name, "post")
    for post in posts.values():
        if not isinstance(post, dict) or not {"post_tokens", "annotators"} <= set(post):
            raise DataError(f"{name} holds {post!r:.60}. {_UNLIKE}.")
    sides: dict[str, str] = {}
    if divisions is not None:
        for division, ids in _object(divisions, DIVISIONS).items():
            if division not in _SIDES or not (isinstance(ids, list) and all(isinstance(one, str) for one in ids)):
                raise DataError(f"{DIVISIONS} has {division!r}. Expected lists of ids under {', '.join(_SIDES)}.")
            sides |= dict.fromkeys(ids, _SIDES[division])
    rows = [
        (post["post_tokens"], post["annotators"], post.get("rationales"), sides.get(key)) for key, post in posts.items()
    ]
    table = RowsTable((*HATEXPLAIN.reads, "split"), rows, unit="post")
    if divisions is not None:
        table.side_column = "split"
    else:
        table.notes = (
            f"Split here: {DIVISIONS} was not given. Give the folder with both files for the authors' sides.",
        )
    return LaidOut(table, HATEXPLAIN)


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON ({error}). {_UNLIKE}.") from None
    if not isinstance(found, dict):
        raise DataError(f"{name} holds no object. {_UNLIKE}.")
    return found
