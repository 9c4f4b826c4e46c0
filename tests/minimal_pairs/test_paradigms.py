"""Generated sentences really are minimal pairs, and their evidence decides: by a grammar of the tests' own."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from example_paradigm import PARADIGM as EXAMPLE

from bcos_core.errors import DataError, InputError, UnknownNameError
from bcos_core.minimal_pairs.generate import generate_pairs
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.paradigms import PARADIGMS

COUNT = 400
FEMININE = {
    "Alice", "Anna", "Emma", "Helen", "Julia", "Karen", "Laura", "Linda", "Lisa", "Mary", "Sarah", "Susan",
    "actress", "aunt", "daughter", "girl", "lady", "mother", "queen", "sister", "woman",
}  # fmt: skip
MASCULINE = {
    "Brian", "Daniel", "David", "George", "James", "John", "Kevin", "Michael", "Paul", "Peter", "Robert", "Thomas",
    "boy", "brother", "father", "gentleman", "king", "man", "prince", "son", "uncle",
}  # fmt: skip
ADJECTIVES = {
    "big", "brown", "clean", "dark", "heavy", "large", "new", "old", "small", "strange", "white", "yellow",
}  # fmt: skip
IRREGULAR = {"women": "woman", "men": "man", "gentlemen": "gentleman", "ladies": "lady"}
IRREGULAR |= {"actresses": "actress", "boxes": "box"}
VERBS = {"was": "were", "is": "are", "has": "have", "looks": "look", "seems": "seem", "needs": "need"}
NOT_NOUNS = {"the", "The", "near", "next", "to", "behind", "beside"}


def singular(noun: str) -> str:
    """The singular of a noun of either number."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def is_plural(noun: str) -> bool:
    return singular(noun) != noun


def pairs_of(name: str) -> tuple[MinimalPair, ...]:
    return generate_pairs(name, COUNT, seed=3)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("name", list(PARADIGMS))
def test_the_sentences_of_a_pair_differ_in_exactly_one_word(name: str) -> None:
    pairs = pairs_of(name)
    assert len(set(pairs)) == COUNT
    for pair in pairs:
        good, bad = (text.split(" ") for text in pair.texts)
        assert [one == other for one, other in zip(good, bad, strict=True)] == [True] * (len(good) - 1) + [False]
        assert pair.paradigm == name
        assert pair.prefix.split(" ") == pair.prefix.split() and pair.prefix[0].isupper()


@pytest.mark.parametrize("name", list(PARADIGMS))
def test_the_evidence_is_one_word_that_stands_once(name: str) -> None:
    for pair in pairs_of(name):
        assert pair.evidence is not None and pair.evidence_word is not None
        assert words(pair.prefix).count(pair.evidence_word) == 1
        assert re.search(rf"\b{pair.evidence_word}\b", pair.prefix).span() == pair.evidence  # type: ignore[union-attr]


@pytest.mark.parametrize("name", list(PARADIGMS))
def test_a_seed_gives_the_same_pairs_and_a_smaller_count_the_first_of_them(name: str) -> None:
    assert generate_pairs(name, 20, seed=1) == generate_pairs(name, 40, seed=1)[:20]
    assert generate_pairs(name, 20, seed=1) != generate_pairs(name, 20, seed=2)


def test_a_verb_agrees_with_its_subject_against_every_noun_between() -> None:
    attractors = Counter()
    for pair in pairs_of("agreement"):
        subject, *nouns = [word for word in words(pair.prefix) if word not in NOT_NOUNS and word not in ADJECTIVES]
        assert pair.evidence_word == subject
        assert all(is_plural(noun) is not is_plural(subject) for noun in nouns)
        of_one, of_several = sorted((pair.good.strip(), pair.bad.strip()), key=lambda verb: verb not in VERBS)
        assert VERBS[of_one] == of_several
        assert pair.good.strip() == (of_several if is_plural(subject) else of_one)
        attractors[len(nouns), is_plural(subject)] += 1
    assert {count for count, _ in attractors} == {1, 2}
    assert sum(count for (_, plural), count in attractors.items() if plural) == COUNT / 2


def test_an_anaphor_has_the_gender_of_the_subject_of_its_clause() -> None:
    rights = Counter()
    for pair in pairs_of("anaphor-gender"):
        people = [word for word in words(pair.prefix) if word in FEMININE | MASCULINE]
        assert pair.evidence_word == people[0] and len(people) <= 2
        if len(people) == 2:  # the other gender, in a clause that begins after the subject and ends before the verb
            assert (people[1] in FEMININE) is not (people[0] in FEMININE)
            assert re.fullmatch(rf"(The )?{people[0]},? who \w+ the {people[1]},? \w+", pair.prefix)
        right = "herself" if people[0] in FEMININE else "himself"
        assert (pair.good, {pair.good, pair.bad}) == (f" {right}", {" herself", " himself"})
        rights[right] += 1
    assert rights == {"herself": COUNT / 2, "himself": COUNT / 2}


def test_an_anaphor_has_the_number_of_the_subject_of_its_clause() -> None:
    rights = Counter()
    for pair in pairs_of("anaphor-number"):
        people = [word for word in words(pair.prefix) if singular(word) in FEMININE | MASCULINE]
        assert pair.evidence_word == people[0] and len(people) <= 2
        assert all(is_plural(other) is not is_plural(people[0]) for other in people[1:])
        of_one = "herself" if singular(people[0]) in FEMININE else "himself"
        expected = ("themselves", of_one) if is_plural(people[0]) else (of_one, "themselves")
        assert (pair.good.strip(), pair.bad.strip()) == expected
        # No verb says whether one or several did it: all are in the past.
        assert not set(words(pair.prefix)) & {"is", "are", "was", "were", "has", "have", "does", "do"}
        rights[expected[0] == "themselves"] += 1
    assert rights == {True: COUNT / 2, False: COUNT / 2}


def test_a_noun_has_the_number_of_its_determiner() -> None:
    numbers = {"this": False, "that": False, "these": True, "those": True}
    for pair in pairs_of("determiner-noun"):
        (determiner,) = [word for word in words(pair.prefix) if word in numbers]
        assert pair.evidence_word == determiner
        good, bad = pair.good.strip(), pair.bad.strip()
        assert is_plural(good) is numbers[determiner] and singular(good) == singular(bad) and good != bad
        assert set(words(pair.prefix[pair.prefix.index(determiner) :])[1:]) <= ADJECTIVES
    assert Counter(pair.evidence_word for pair in pairs_of("determiner-noun")).keys() == set(numbers)


def test_who_does_not_give_is_given_something() -> None:
    firsts = 0
    for pair in pairs_of("ioi"):
        names = [word for word in words(pair.prefix) if word in FEMININE | MASCULINE]
        assert len(names) == 3 and names[2] in names[:2]
        (receiver,) = set(names[:2]) - {names[2]}
        assert (pair.evidence_word, pair.good, pair.bad) == (receiver, f" {receiver}", f" {names[2]}")
        firsts += names[0] == receiver
    assert firsts == COUNT / 2


def test_words_that_a_tokenizer_does_not_tell_apart_at_once_are_not_drawn() -> None:
    def letters(text: str) -> list[int]:
        """Two letters a token: "herself" and "himself" part at the second, names mostly at the first."""
        return [hash(piece) for word in text.split(" ") for piece in re.findall("..?", f" {word}")]

    for pair in generate_pairs("ioi", 100, tokenizers=[letters]):
        assert pair.good[1] != pair.bad[1]
    with pytest.raises(DataError, match="Anaphor gender: 0 of 5 .* begin with the same token"):
        generate_pairs("anaphor-gender", 5, tokenizers=[letters])


def test_another_paradigm_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PARADIGMS, "_entries", {**PARADIGMS._entries, EXAMPLE.name: EXAMPLE})
    for pair in generate_pairs(EXAMPLE.name, 50):
        assert is_plural(pair.good.strip()) is (pair.evidence_word != "one")
        assert singular(pair.good.strip()) == singular(pair.bad.strip()) and pair.paradigm == "number-words"


def test_what_cannot_be_generated_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="agreement, anaphor-gender, anaphor-number, determiner-noun, ioi"):
        generate_pairs("island", 5)
    for count in (0, 10_001, 2.5, True):
        with pytest.raises(InputError, match="The number of pairs"):
            generate_pairs("ioi", count)  # type: ignore[arg-type]
