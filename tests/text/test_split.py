"""The split, against hashes computed here and rows laid out by hand."""

import hashlib
import subprocess
import sys

import pytest

from bcos_core.errors import DataError
from bcos_core.home import CHECKOUT
from bcos_core.text.examples import Examples
from bcos_core.text.split import keep_sides, normalize, split_by_hash

CLASSES = ("no", "yes")


def naive_side(normalized: str) -> str:
    place = int(hashlib.sha256(normalized.encode("utf-8")).hexdigest()[:16], 16) / 16**16
    return "test" if place < 0.12 else "validation" if place < 0.18 else "train"


def many(n: int) -> tuple[list[str], list[int]]:
    return [f"Sentence  number {i}" for i in range(n)], [i % 2 for i in range(n)]


def test_the_side_of_a_text_is_a_function_of_its_hash() -> None:
    texts, labels = many(2000)
    sides = split_by_hash(texts, labels, CLASSES)
    for name in ("train", "validation", "test"):
        side: Examples = getattr(sides, name)
        assert {naive_side(text.lower().replace("  ", " ")) for text in side.texts} == {name}
        assert all(label == int(text.split()[-1]) % 2 for text, label in zip(side.texts, side.labels, strict=True))
    assert len(sides.train) + len(sides.validation) + len(sides.test) == 2000
    # Binomial, 2000 texts: 12 % is 240 with a standard deviation of 14.5.
    assert 190 < len(sides.test) < 290
    assert 80 < len(sides.validation) < 160


def test_adding_rows_moves_no_other_row() -> None:
    texts, labels = many(600)
    before = split_by_hash(texts[:400], labels[:400], CLASSES)
    after = split_by_hash(texts, labels, CLASSES)
    for name in ("train", "validation", "test"):
        assert set(getattr(before, name).texts) <= set(getattr(after, name).texts)


def test_the_order_of_the_rows_does_not_matter_and_classes_are_mixed() -> None:
    texts, labels = many(400)
    by_class = sorted(range(400), key=lambda i: labels[i])
    sides = split_by_hash([texts[i] for i in by_class], [labels[i] for i in by_class], CLASSES)
    assert sides == split_by_hash(texts, labels, CLASSES)
    assert 30 <= sum(sides.train.labels[:100]) <= 70


@pytest.mark.parametrize(
    "one, other",
    [
        ("A fine  film", " a FINE\tfilm\n"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
        ("ﬁne", "fine"),
        ("Ａ", "a"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("a\u00a0b", "a b"),
    ],
)
def test_texts_that_differ_in_form_only_count_as_one(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)
    texts, labels = many(100)
    sides = split_by_hash([one, *texts, other], [0, *labels, 0], CLASSES)
    kept = [t for side in (sides.train, sides.validation, sides.test) for t in side.texts if t in (one, other)]
    assert kept == [one], "the first stays"
    assert sides.notes == ("Repeated texts left out (the first of each stays): 1.",)


def test_contradicting_texts_are_dropped_wholly() -> None:
    texts, labels = many(100)
    sides = split_by_hash(["Same", *texts, "same ", "SAME"], [0, *labels, 1, 0], CLASSES)
    assert not any("same" in t.lower() for side in (sides.train, sides.validation, sides.test) for t in side.texts)
    assert sides.notes == (
        "Repeated texts left out (the first of each stays): 2.",
        "Texts left out because they stand there with different labels: 1.",
    )


@pytest.mark.parametrize("per_class", range(6, 30))
def test_small_classes_have_two_texts_on_every_side(per_class: int) -> None:
    texts, labels = many(2 * per_class)
    sides = split_by_hash(texts, labels, CLASSES)
    for side in (sides.train, sides.validation, sides.test):
        assert side.counts()[0] >= 2 and side.counts()[1] >= 2
    assert len(sides.train) + len(sides.validation) + len(sides.test) == 2 * per_class


def test_a_class_with_too_few_texts_is_named() -> None:
    texts, labels = many(20)
    with pytest.raises(DataError, match=r"'rare' 5\b.*at least 2 of each class, 6 together"):
        split_by_hash([*texts, *"abcde"], [*labels, 2, 2, 2, 2, 2], (*CLASSES, "rare"))


def test_own_sides_are_kept_and_repetitions_leave_the_training_side() -> None:
    sides = keep_sides((["a", "b", "C ", "d"], [0, 1, 0, 1]), (["c", "e"], [0, 1]), (["E", "f", "A"], [1, 0, 0]))
    assert set(sides.train.texts) == {"b", "d"}
    assert set(sides.validation.texts) == {"c"}
    assert set(sides.test.texts) == {"E", "f", "A"}
    assert sides.notes == (
        "Texts left out of training because they stand in a later side too: 2.",
        "Texts left out of validation because they stand in a later side too: 1.",
    )


def test_a_lone_test_side_is_halved() -> None:
    texts, labels = many(1000)
    sides = keep_sides((["x", "y"], [0, 1]), None, (texts, labels))
    assert not set(sides.validation.texts) & set(sides.test.texts)
    assert len(sides.validation) + len(sides.test) == 1000
    assert 420 < len(sides.validation) < 580
    assert "halved" in sides.notes[0]


def test_a_side_without_texts_is_refused() -> None:
    with pytest.raises(DataError, match="training side has no texts"):
        keep_sides((["a"], [0]), (["a", "b"], [0, 1]), (["c"], [1]))


def test_take_keeps_proportions_and_order() -> None:
    examples = Examples(tuple(f"t{i}" for i in range(100)), tuple(int(i >= 70) + int(i >= 95) for i in range(100)))
    taken = examples.take(20, seed=1)
    assert taken.counts() == {0: 14, 1: 5, 2: 1}  # 70, 25 and 5 of 100
    places = [int(text[1:]) for text in taken.texts]
    assert places == sorted(places)
    assert all(label == examples.labels[place] for place, label in zip(places, taken.labels, strict=True))
    assert examples.take(20, seed=1) == taken
    assert examples.take(20, seed=2) != taken
    assert examples.take(100, seed=1) is examples
    assert len(examples.take(0, seed=1)) == 0


@pytest.mark.parametrize("n", range(12))
def test_take_gives_as_many_as_asked_and_every_class_where_possible(n: int) -> None:
    examples = Examples(tuple(f"t{i}" for i in range(60)), (*[0] * 50, *[1] * 8, 2, 2))
    taken = examples.take(n, seed=0)
    assert len(taken) == n
    assert len(taken.counts()) == min(n, 3)


def test_taking_more_keeps_what_was_taken() -> None:
    texts, labels = many(200)
    examples = Examples(tuple(texts), tuple(labels))
    assert set(examples.take(40, seed=3).texts) < set(examples.take(80, seed=3).texts)


def test_take_and_split_are_the_same_in_every_process() -> None:
    program = (
        "from bcos_core.text.tasks import TaskChoice, load_task\n"
        "import hashlib\n"
        "data = load_task(TaskChoice.parse('short-reviews'))\n"
        "sides = (data.train, data.validation, data.test, data.train.take(50, 7))\n"
        "print(hashlib.sha256(repr([(s.texts, s.labels) for s in sides]).encode()).hexdigest())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=CHECKOUT,
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": utf8},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed, utf8 in (("0", "0"), ("1", "1"))
    }
    assert len(outputs) == 1
