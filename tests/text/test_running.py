"""Running text from files, folders and data sets: what is read, and on which side it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bcos_core.errors import DataError, UnknownNameError
from bcos_core.text.running import RunningText, TextSource, load_texts, source_hash, take
from bcos_core.text.split import digest, position
from bcos_core.text.tasks import TaskChoice, load_task

LINES = [f"Line {number} of the text." for number in range(200)]


def everything(texts: RunningText) -> list[str]:
    return [*texts.train, *texts.validation, *texts.test]


def test_an_embedded_task_keeps_its_sides() -> None:
    texts = load_texts(TextSource.parse("short-reviews"))
    data = load_task(TaskChoice("embedded", "short-reviews"))
    assert (texts.train, texts.validation, texts.test) == (data.train.texts, data.validation.texts, data.test.texts)


def test_a_column_is_split_by_hash_whatever_its_labels(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("review,note\n" + "".join(f"{line},\n" for line in [*LINES, LINES[0].upper(), ""]))
    texts = load_texts(TextSource.parse(f"file:{file}", text_column="review"))
    assert sorted(everything(texts)) == sorted(LINES)  # one is repeated, in capitals; one is empty
    assert {line for line in LINES if position(digest(line)) < 0.12} == set(texts.test)
    assert {line for line in LINES if 0.12 <= position(digest(line)) < 0.18} == set(texts.validation)
    assert any("Repeated texts left out: 1" in note for note in texts.notes)
    assert any("text is empty: 1" in note for note in texts.notes)
    assert load_texts(TextSource.parse(str(file))) == texts  # the column's name says what it is


def test_files_of_a_folder_are_texts_and_few_are_cut_into_paragraphs(tmp_path: Path) -> None:
    many = tmp_path / "many"
    (many / "inner").mkdir(parents=True)
    for number in range(25):
        (many / ("inner" if number % 2 else ".") / f"{number}.txt").write_text(f"File {number}.\n\nIts second part.\n")
    (many / "notes.md").write_text("no text")
    texts = load_texts(TextSource.parse(str(many)))
    assert sorted(everything(texts)) == sorted(f"File {number}.\n\nIts second part." for number in range(25))
    few = tmp_path / "few"
    few.mkdir()
    (few / "book.txt").write_text("\r\n\r\n".join(f"Part {n}\r\nof it" for n in range(10)), newline="")
    assert sorted(everything(load_texts(TextSource.parse(str(few))))) == sorted(f"Part {n}\nof it" for n in range(10))
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(LINES))
    assert sorted(everything(load_texts(TextSource.parse(str(lines))))) == sorted(LINES)


def test_a_part_is_the_same_on_every_machine_and_grows() -> None:
    some, more = take(LINES, 10, 3), take(LINES, 20, 3)
    assert len(some) == 10 and set(some) < set(more) and list(more) == [line for line in LINES if line in more]
    assert take(LINES, 10, 4) != some and take(LINES, None, 3) == take(LINES, 500, 3) == tuple(LINES)


def test_a_source_is_known_by_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("one")
    before = source_hash(TextSource.parse(str(folder)))
    (folder / "a.txt").write_text("two")
    assert before and source_hash(TextSource.parse(str(folder))) != before
    assert source_hash(TextSource("embedded", "tweets")) == ""
    source = TextSource("hub", "some/texts", "line", "en")
    assert TextSource.parse(source.argument, text_column="line") == source
    assert TextSource(**json.loads(json.dumps(source.to_dict()))) == source


@pytest.mark.parametrize(
    ("given", "column", "said"),
    [
        ("nowhere", None, "There are no texts 'nowhere'"),
        ("short-reviews", "text", "has no columns to choose"),
        ("template-pairs", None, "pairs of texts"),
        ("hub:nothing", None, "not the id of a hub data set"),
        ("{folder}/lines.csv", "text", "no column 'text'"),
        ("{folder}/lines.csv", None, "Cannot tell which column"),
        ("{folder}/lines.txt", "text", "has no columns"),
        ("{folder}/lines.txt", None, "too few different texts"),
        ("{folder}/empty.txt", None, "empty.txt is empty"),
        ("{folder}/bytes.txt", None, "is not UTF-8 text"),
        ("{folder}", None, "bytes.txt is not UTF-8"),
        ("{folder}/bare", None, "holds no data set that is known"),
    ],
)
def test_what_is_no_running_text_is_refused(given: str, column: str | None, said: str, tmp_path: Path) -> None:
    (tmp_path / "lines.csv").write_text("a,b\nx,y\n")
    (tmp_path / "lines.txt").write_text("Only one.\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "bytes.txt").write_bytes(b"caf\xe9")
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match=said):
        load_texts(TextSource.parse(given.format(folder=tmp_path), text_column=column))


def test_names_that_are_none() -> None:
    with pytest.raises(UnknownNameError):
        TextSource("embedded", "novels")
    with pytest.raises(DataError, match="Unknown kind"):
        TextSource("web", "novels")
    with pytest.raises(DataError, match="Only hub data sets"):
        TextSource("embedded", "tweets", hub_config="en")


def test_a_folder_that_is_gone_is_no_file_without_an_ending(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file or folder"):
        load_texts(TextSource("file", str(tmp_path / "novels")))
