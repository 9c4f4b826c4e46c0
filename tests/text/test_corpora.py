"""Published data sets in the shape of their own files: what is read of them, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from corpus_files import LABELS, REVIEW, divisions, hatexplain, movie, movies, post, tarred, write, zipped
from datasets import ClassLabel, Dataset, Features, List, Value

from bcos_core.errors import DataError
from bcos_core.text import hub
from bcos_core.text.content import choice_hash
from bcos_core.text.corpora.eraser import token_spans
from bcos_core.text.examples import TaskData
from bcos_core.text.files import load_file, open_table
from bcos_core.text.hub import load_hub
from bcos_core.text.pair import pair
from bcos_core.text.preview import preview_file
from bcos_core.text.tasks import TaskChoice, load_task


def named(data: TaskData, text: str) -> list[list[str]]:
    return [[text[start:end] for start, end in spans] for spans in data.rationales[text]]


def test_hatexplain_on_the_sides_of_its_authors(tmp_path: Path) -> None:
    files = {"Data/dataset.json": hatexplain(), "Data/post_id_divisions.json": divisions(), "Data/classes.npy": "x"}
    for path in (
        write(tmp_path / "hatexplain", files),
        zipped(tmp_path / "h.zip", files),
        tarred(tmp_path / "h.tgz", files),
    ):
        data = load_file(path)
        assert data.labels == ("hatespeech", "normal", "offensive")
        assert [len(side) for side in (data.train, data.validation, data.test)] == [36, 12, 12]
        assert "these <user> words no48" in data.test.texts
        label = dict(zip(data.test.texts, data.test.classes, strict=True))["these <user> words no49"]
        assert data.labels[label] == "hatespeech"  # two of three said so
        # Words that follow each other are one span; the third person marked another word.
        assert named(data, "these <user> words no49") == [["<user> words"], ["<user>"], ["no49"]]
        # Most found it normal: what one person marked is no reason for that.
        assert "these <user> words no48" not in data.rationales
        assert data.notes == ("Texts with a rationale: 40, of several people: 40.",)


def test_hatexplain_of_two_labels(tmp_path: Path) -> None:
    data = load_file(write(tmp_path, {"dataset.json": hatexplain()}) / "dataset.json", "text", "toxicity")
    assert data.labels == ("non-toxic", "toxic")
    assert sum(data.train.counts().values()) + len(data.validation) + len(data.test) == 60
    assert "post_id_divisions.json was not given" in data.notes[0] and len(data.rationales) == 40


def test_a_post_on_which_nobody_agrees_has_no_label(tmp_path: Path) -> None:
    split = post(1) | {"annotators": [{"label": label, "annotator_id": 1, "target": []} for label in LABELS]}
    split["post_tokens"] = ["who", "knows", "what", "this"]
    path = write(tmp_path, {"dataset.json": hatexplain({"x_twitter": split})}) / "dataset.json"
    data = load_file(path)
    assert "who knows what this" not in {*data.train.texts, *data.validation.texts, *data.test.texts}
    assert "Rows left out because their text or label is empty: 1." in data.notes
    assert data.notes[-1].startswith("A post has no label where no more than half of its annotators")
    two = load_file(path, "text", "toxicity")  # two of the three found it toxic
    assert "who knows what this" in {*two.train.texts, *two.validation.texts, *two.test.texts}


def test_marks_that_do_not_fit_the_words_are_not_guessed(tmp_path: Path) -> None:
    wrong = post(1) | {"rationales": [[0, 1], [0, 1, 1, 0]], "post_tokens": ["one", "two", "three", "four"]}
    data = load_file(write(tmp_path, {"dataset.json": hatexplain({"x": wrong})}) / "dataset.json")
    assert "one two three four" not in data.rationales and len(data.rationales) == 40


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": {"post_tokens": ["x"], "annotators": 3}}, "annotators are 3"),
        ({"a": {"annotators": []}}, "Expected the authors' dataset.json"),
        ({"a": {"post_tokens": "x y", "annotators": []}}, "words are 'x y'"),
        ({"a": {"post_tokens": ["x"], "annotators": [{"label": "rude"}]}}, "label is 'rude'. Known: hatespeech"),
    ],
)
def test_what_is_no_post_is_refused(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_file(write(tmp_path, {"dataset.json": content}) / "dataset.json")


def test_hatexplain_as_rows_of_a_file_and_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {
            "id": one["post_id"],
            "annotators": {
                "label": [{"hatespeech": 0, "normal": 1, "offensive": 2}[a["label"]] for a in one["annotators"]]
            },
            "rationales": one["rationales"],
            "post_tokens": one["post_tokens"],
        }
        for one in hatexplain().values()
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    of_file = load_file(tmp_path / "rows.jsonl")
    assert named(of_file, "these <user> words no49") == [["<user> words"], ["<user>"], ["no49"]]
    features = Features(
        {
            "id": Value("string"),
            "annotators": {"label": List(ClassLabel(names=["hatespeech", "normal", "offensive"]))},
            "rationales": List(List(Value("int32"))),
            "post_tokens": List(Value("string")),
        }
    )
    sides = {"train": rows[:36], "validation": rows[36:48], "test": rows[48:]}
    shelf = {side: Dataset.from_list(some, features=features) for side, some in sides.items()}
    monkeypatch.setattr(hub, "load_splits", lambda hub_id, config: shelf)
    data = load_hub("Hate-speech-CNERG/hatexplain")
    assert data.labels == ("hatespeech", "normal", "offensive") and len(data.test) == 12
    assert named(data, "these <user> words no49") == [["<user> words"], ["<user>"], ["no49"]]


def test_eraser_movies(tmp_path: Path) -> None:
    files = movies()
    for path in (
        write(tmp_path / "m", files),
        tarred(tmp_path / "movies.tar.gz", files),
        zipped(tmp_path / "m.zip", files),
    ):
        data = load_file(path)
        assert data.labels == ("NEG", "POS") and data.text_columns == ("text",)
        assert [len(side) for side in (data.train, data.validation, data.test)] == [24, 8, 8]
        text = f"{REVIEW}no33"
        assert text in data.test.texts
        # All groups together are the rationale; numbers of tokens go on over lines, blank ones and double spaces.
        assert named(data, text) == [["dull", "and\n\nnobody cares"]]
        assert f"{REVIEW}no32" in data.test.texts and f"{REVIEW}no32" not in data.rationales
        assert data.notes == ("Texts with a rationale: 30.",)
    assert preview_file(tmp_path / "m").rationale_column == "evidence"
    assert preview_file(tmp_path / "m").label_column == "label"


def test_tokens_stand_between_spaces_and_lines() -> None:
    text = " a  b\tc\n\n d \n"
    assert [text[start:end] for start, end in token_spans(text)] == ["a", "b\tc", "d"]
    assert token_spans("") == []


def esnli(number: int) -> dict[str, Any]:
    key = f"{number}.jpg#2r1n"
    return {
        "annotation_id": key,
        "classification": ("contradiction", "entailment")[number % 2],
        "docids": [f"{key}_hypothesis", f"{key}_premise"],
        "evidences": [
            [
                {
                    "docid": f"{key}_hypothesis",
                    "start_token": 1,
                    "end_token": 2,
                    "start_sentence": -1,
                    "end_sentence": -1,
                    "text": "dog",
                },
                {
                    "docid": f"{key}_premise",
                    "start_token": 1,
                    "end_token": 3,
                    "start_sentence": -1,
                    "end_sentence": -1,
                    "text": "man sleeps",
                },
            ]
        ],
        "query": "",
        "query_type": None,
    }


def test_eraser_esnli_is_pairs_of_a_premise_and_a_hypothesis(tmp_path: Path) -> None:
    docs = [
        row
        for n in range(40)
        for row in (
            {"docid": f"{n}.jpg#2r1n_premise", "document": f"A man sleeps no{n} ."},
            {"docid": f"{n}.jpg#2r1n_hypothesis", "document": f"A dog barks no{n} ."},
        )
    ]
    sides = {"train": range(24), "val": range(24, 32), "test": range(32, 40)}
    files = {f"{side}.jsonl": "\n".join(json.dumps(esnli(n)) for n in numbers) for side, numbers in sides.items()}
    data = load_file(write(tmp_path, files | {"docs.jsonl": "\n".join(map(json.dumps, docs))}))
    text = pair("A man sleeps no33 .", "A dog barks no33 .")
    assert data.text_columns == ("premise", "hypothesis") and text in data.test.texts
    assert named(data, text) == [["man sleeps", "dog"]]


def test_eraser_with_a_query_for_each_row_is_pairs_of_a_query_and_a_passage(tmp_path: Path) -> None:
    def row(n: int) -> dict[str, Any]:
        evidence = {
            "docid": "doc",
            "start_token": 2,
            "end_token": 4,
            "start_sentence": 0,
            "end_sentence": 1,
            "text": "x",
        }
        label = ("True", "False")[n % 2]
        return {
            "annotation_id": str(n),
            "classification": label,
            "evidences": [[evidence]],
            "query": f"is it {n}",
            "docids": None,
        }

    sides = {"train": range(24), "val": range(24, 32), "test": range(32, 40)}
    files = {f"{side}.jsonl": "\n".join(json.dumps(row(n)) for n in some) for side, some in sides.items()}
    data = load_file(write(tmp_path, files | {"docs/doc": "It is\nnot so ."}))
    text = pair("is it 33", "It is\nnot so .")
    assert data.text_columns == ("query", "passage") and named(data, text) == [["not so"]]
    assert set(data.labels) == {"True", "False"}


def test_evidence_that_is_not_in_its_document_is_refused(tmp_path: Path) -> None:
    broken = movie(1, "train")
    broken["evidences"][0][0]["end_token"] = 99
    folder = write(tmp_path, movies()) / "movies"
    (folder / "train.jsonl").write_text(json.dumps(broken))
    with pytest.raises(
        DataError, match=r"train.jsonl, line 1: the evidence from token 3 to 99 is not in 'posR_001.txt', which has 14"
    ):
        load_file(folder)
    (folder / "train.jsonl").write_text(json.dumps(movie(1, "train") | {"docids": ["gone.txt"]}))
    with pytest.raises(DataError, match=r"train.jsonl, line 1: there is no document 'gone.txt'"):
        load_file(folder)


def test_toxic_spans(tmp_path: Path) -> None:
    lines = ["spans,text"]
    for n in range(40):
        text = f"  You are a fool, a fool no{n}"
        places = [12, 13, 14, 15, 20, 21, 22, 23] if n % 2 else []
        lines.append(f'"{places}","{text}"')
    path = tmp_path / "tsd_train.csv"
    path.write_text("\n".join(lines))
    data = load_file(path)
    assert data.labels == ("no toxic words", "toxic words")
    assert named(data, "You are a fool, a fool no33") == [["fool", "fool"]]  # without the white space before the text
    assert "You are a fool, a fool no34" not in data.rationales and "Texts with a rationale: 20." in data.notes
    for spans, message in (
        ("[99]", "are not in their text"),
        ("[1, x]", "expected a list of the numbers"),
        ("3", "expected a list"),
    ):
        path.write_text(f'spans,text\n"{spans}",You fool\n')
        with pytest.raises(DataError, match=message):
            load_file(path)
    path.write_text("spans,text,label\n" + "\n".join(f"x,text {n},{n % 2}" for n in range(40)))
    assert load_file(path).labels == ("0", "1")  # a file with labels of its own


def test_a_known_data_set_as_a_task(tmp_path: Path) -> None:
    folder = write(tmp_path, movies()) / "movies"
    choice = TaskChoice.parse(str(folder))
    assert choice.kind == "file" and choice.has_rationales and choice.title == "movies"
    assert len(load_task(choice).rationales) == 30
    first = choice_hash(choice)
    (folder / "docs" / "negR_000.txt").write_text("another text")
    assert first != choice_hash(choice) != ""
    plain = tmp_path / "rows.csv"
    plain.write_text("text,label\n" + "\n".join(f"text {n},{n % 2}" for n in range(40)))
    assert not TaskChoice.parse(str(plain)).has_rationales and open_table(plain).rationale_column is None
