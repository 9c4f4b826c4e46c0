"""Hub data sets: what is made of them once loaded, and what happens without a hub."""

import json
import time
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from huggingface_hub import constants

from bcos_core.errors import DataError, HubUnavailableError
from bcos_core.text import hub
from bcos_core.text.examples import Examples, TaskData
from bcos_core.text.hub import load_hub

NAMES = ["world", "sports", "business"]


def labelled(texts: list[str], labels: list[Any], names: list[str] | None = None) -> Dataset:
    features = Features({"id": Value("int32"), "text": Value("string"), "label": Value("int64")})
    if names is not None:
        features["label"] = ClassLabel(names=names)
    return Dataset.from_dict({"id": range(len(texts)), "text": texts, "label": labels}, features=features)


def news(prefix: str, n: int) -> Dataset:
    return labelled([f"{prefix} {i}" for i in range(n)], [i % 3 for i in range(n)], NAMES)


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A hub whose data sets are put into the dictionary returned, by id."""
    shelf: dict[str, Any] = {}

    def load_dataset(hub_id: str, config: str | None = None) -> DatasetDict:
        found = shelf[hub_id]
        if isinstance(found, Exception):
            raise found
        return DatasetDict(found)

    monkeypatch.setattr(hub, "require_hub", lambda *args, **options: None)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return shelf


def texts(side: Examples) -> set[str]:
    return set(side.texts)


def test_own_splits_are_kept(online: dict[str, Any]) -> None:
    online["a/b"] = {"train": news("train", 30), "validation": news("valid", 9), "test": news("test", 12)}
    data = load_hub("a/b")
    assert data.labels == ("world", "sports", "business"), "in the declared order"
    assert texts(data.train) == {f"train {i}" for i in range(30)}
    assert texts(data.validation) == {f"valid {i}" for i in range(9)}
    assert texts(data.test) == {f"test {i}" for i in range(12)}
    assert all(int(t.split()[1]) % 3 == label for t, label in zip(data.test.texts, data.test.labels, strict=True))
    assert data.title == "a/b" and data.notes == ()


def test_the_test_split_is_halved_when_there_is_no_validation(online: dict[str, Any]) -> None:
    online["a/b"] = {"train": news("train", 30), "test": news("test", 200), "unsupervised": news("none", 9)}
    data = load_hub("a/b", "plain")
    assert texts(data.validation) | texts(data.test) == {f"test {i}" for i in range(200)}
    assert not texts(data.validation) & texts(data.test)
    assert 60 < len(data.test) < 140
    assert data.title == "a/b (plain)"
    assert data.notes == ("The test texts were halved into validation and test.",)


def test_a_test_split_without_labels_does_not_count(online: dict[str, Any]) -> None:
    online["a/b"] = {
        "train": news("train", 30),
        "validation": news("valid", 100),
        "test": labelled(["hidden"] * 9, [-1] * 9, NAMES),
    }
    data = load_hub("a/b")
    assert texts(data.validation) | texts(data.test) == {f"valid {i}" for i in range(100)}
    assert data.notes == ("The validation texts were halved into validation and test.",)


def test_a_single_split_is_split_by_hash(online: dict[str, Any]) -> None:
    for name in ("train", "data"):
        online["a/b"] = {name: news("one", 300)}
        data = load_hub("a/b")
        assert len(data.train) + len(data.validation) + len(data.test) == 300
        assert 200 < len(data.train) < 280


def test_repeated_texts_leave_the_training_side(online: dict[str, Any]) -> None:
    train = labelled([f"train {i}" for i in range(20)] + ["TEST  1", "valid 2"], [0, 1, 2, 0] * 5 + [1, 2], NAMES)
    online["a/b"] = {"train": train, "validation": news("valid", 9), "test": news("test", 9)}
    data = load_hub("a/b")
    assert texts(data.train) == {f"train {i}" for i in range(20)}
    assert "Texts left out of training because they stand in a later side too: 2." in data.notes


def test_a_class_whose_training_texts_all_leave_is_refused(online: dict[str, Any]) -> None:
    train = labelled(["a", "b", "valid 2"], [0, 1, 2], NAMES)
    online["a/b"] = {"train": train, "validation": news("valid", 9), "test": news("test", 9)}
    with pytest.raises(DataError, match=r"training side has no text of 'business'"):
        load_hub("a/b")


def test_labels_that_training_lacks_are_left_out(online: dict[str, Any]) -> None:
    train = labelled(["a", "b", "c", "d"], [0, 1, 0, 1], NAMES)
    online["a/b"] = {"train": train, "validation": news("valid", 9), "test": news("test", 9)}
    data = load_hub("a/b")
    assert data.labels == ("world", "sports")
    assert set(data.test.labels) == {0, 1}
    assert "Rows left out of test because training has no such label: 3." in data.notes


def test_columns_are_guessed_and_can_be_chosen(online: dict[str, Any]) -> None:
    rows = {
        "sentence": [f"s {i}" for i in range(60)],
        "other": [f"o {i}" for i in range(60)],
        "kind": [i % 2 for i in range(60)],
        "score": [i % 4 for i in range(60)],
    }
    features = Features(
        sentence=Value("string"), other=Value("string"), kind=ClassLabel(names=["no", "yes"]), score=Value("int8")
    )
    online["a/b"] = {"train": Dataset.from_dict(rows, features=features)}
    assert load_hub("a/b").labels == ("no", "yes")
    chosen = load_hub("a/b", text_column="other", label_column="score")
    assert chosen.labels == ("0", "1", "2", "3") and chosen.train.texts[0].startswith("o ")
    with pytest.raises(DataError, match=r"no column 'body'. The columns are 'sentence', 'other', 'kind', 'score'"):
        load_hub("a/b", text_column="body")


def test_rationales_come_from_every_split(online: dict[str, Any]) -> None:
    def split(prefix: str, n: int) -> Dataset:
        rows = {"text": [f"{prefix} {i}" for i in range(n)], "label": [i % 2 for i in range(n)]}
        return Dataset.from_dict({**rows, "marks": [[0, i % 2] for i in range(n)]})

    online["a/b"] = {"train": split("train", 20), "test": split("test", 20)}
    data = load_hub("a/b", rationale_column="marks")
    assert set(data.rationales) == {f"{side} {i}" for side in ("train", "test") for i in range(1, 20, 2)}
    assert data.rationales["test 3"] == (((5, 6),),) and "Texts with a rationale: 20." in data.notes
    online["a/b"] = {"train": split("only", 40)}
    assert len(load_hub("a/b", rationale_column="marks").rationales) == 20


def test_several_labels_per_text_are_refused(online: dict[str, Any]) -> None:
    features = Features(text=Value("string"), labels=List(ClassLabel(names=["no", "yes"])))
    rows = Dataset.from_dict({"text": ["a", "b"], "labels": [[0, 1], [1]]}, features=features)
    online["a/b"] = {"train": rows}
    with pytest.raises(DataError, match="For several labels in a list choose the type"):
        load_hub("a/b")


def test_of_a_long_split_a_random_part_is_taken(online: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_ROWS", 100)
    online["a/b"] = {"train": news("train", 250), "validation": news("valid", 9), "test": news("test", 9)}
    data = load_hub("a/b")
    assert len(data.train) == 100
    assert all(20 <= data.train.counts()[label] <= 46 for label in range(3)), "every class is still there"
    assert "100 of 250 rows were taken, by lot, to fit into memory." in data.notes
    assert load_hub("a/b") == data


@pytest.mark.parametrize(
    "splits, said",
    [
        ({"one": news("a", 9), "two": news("b", 9)}, "no split named train, but one, two"),
        ({"train": labelled(["a"] * 9, [-1] * 9, NAMES)}, "no row with a text and a label"),
        ({"train": labelled(["a", "b"], [1, 1], NAMES)}, "at least two classes"),
        (ValueError("Config name is missing.\nPick one of: x, y\n"), "Config name is missing. Pick one of: x, y"),
        (RuntimeError("Dataset scripts are no longer supported, but found b.py"), "scripts are no longer supported"),
    ],
)
def test_what_cannot_be_used_is_told(online: dict[str, Any], splits: Any, said: str) -> None:
    online["a/b"] = splits
    with pytest.raises(DataError, match=said):
        load_hub("a/b")


def test_a_hub_that_breaks_off(online: dict[str, Any]) -> None:
    online["a/b"] = ConnectionError("reset")
    with pytest.raises(HubUnavailableError, match="short-reviews, long-reviews, tweets"):
        load_hub("a/b")


@pytest.mark.parametrize("hub_id", ["csv", "pandas", "../x", "a/..", "a/b/c", "/etc/passwd", "a b/c", ""])
def test_paths_and_loaders_are_no_ids(online: dict[str, Any], hub_id: str) -> None:
    with pytest.raises(DataError, match="owner/name"):
        load_hub(hub_id)


def test_a_local_folder_is_never_read_as_a_hub_id(
    online: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    online["a/b"] = {"train": news("x", 30)}
    with pytest.raises(DataError, match="local folder 'a/b' hides"):
        load_hub("a/b")


def test_without_a_hub_it_fails_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    start = time.monotonic()
    with pytest.raises(HubUnavailableError, match=r"'a/b'.*an embedded task.*short-reviews.*local file"):
        load_hub("a/b")
    assert time.monotonic() - start < 5


def cached_as(hub_id: str, cache: Path, work: Path, splits: dict[str, Dataset]) -> None:
    """Lay a data set into the cache of `datasets` as a download from the hub does."""
    for name, split in splits.items():
        split.to_parquet(work / f"{name}.parquet")
    files = {name: str(work / f"{name}.parquet") for name in splits}
    datasets.load_dataset("parquet", data_files=files, cache_dir=str(work / "made"))
    [made] = [path.parent for path in (work / "made").rglob("dataset_info.json")]
    owner, name = hub_id.split("/")
    target = cache / f"{owner}___{name}" / "default" / "0.0.0" / "0123abcd"
    target.parent.mkdir(parents=True)
    made.rename(target)
    for file in target.glob("parquet-*"):
        file.rename(target / file.name.replace("parquet-", f"{name}-"))
    info = json.loads((target / "dataset_info.json").read_text())
    (target / "dataset_info.json").write_text(
        json.dumps(info | {"config_name": "default", "dataset_name": name, "builder_name": "parquet"})
    )


def test_a_cached_data_set_needs_no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cached_as("owner/news", cache, tmp_path, {"train": news("train", 30), "test": news("test", 60)})
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    data: TaskData = load_hub("owner/news")
    assert data.labels == ("world", "sports", "business")
    assert texts(data.train) == {f"train {i}" for i in range(30)}
    with pytest.raises(HubUnavailableError):
        load_hub("owner/news", "another")
