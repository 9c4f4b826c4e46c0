"""From pairs to a model's questions, from answers to values: what is kept is not asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from built_tokenizers import built_tokenizer

from bcos_core.attribution.record import Attribution, Cost, Target, Token
from bcos_core.home import Home
from bcos_core.minimal_pairs import table
from bcos_core.minimal_pairs.answers import CHUNK, Answers
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.questions import Question, ask, pair_name
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database

FILM = MinimalPair("The film is", " good", " dull", (4, 8), "any")


def test_a_question_has_the_tokens_that_tell_the_words_apart() -> None:
    tokenizer = built_tokenizer("byte-level")
    (question,), reasons = ask([FILM], tokenizer)
    assert not reasons and question.prompt == FILM.prefix
    assert tokenizer.convert_ids_to_tokens([question.good, question.bad]) == ["Ġgood", "Ġdull"]


def test_words_that_begin_alike_have_their_shared_tokens_in_the_prompt() -> None:
    """Of letters that the tokenizer has no merges for, every one is a token."""
    pair = MinimalPair("The film is", " xyq", " xyz", (4, 8), "any")
    (question,), reasons = ask([pair], built_tokenizer("byte-level"))
    assert not reasons and question.prompt == "The film is xy"
    assert (question.good, question.bad) == tuple(
        built_tokenizer("byte-level")(letter, add_special_tokens=False)["input_ids"][0] for letter in "qz"
    )
    (other,), _ = ask([MinimalPair("The film is", " goodx", " goodz", (4, 8), "any")], built_tokenizer("byte-level"))
    assert other.prompt == "The film is good"


def test_pairs_that_cannot_be_asked_are_left_out_with_the_reason() -> None:
    found, reasons = ask(
        [FILM, MinimalPair("The film is", " good", " goodx", None, "any")], built_tokenizer("byte-level")
    )
    assert [one.pair for one in found] == [FILM]
    assert len(reasons) == 1 and "no token tells them apart" in reasons[0]


def test_the_paradigm_changes_no_name() -> None:
    assert pair_name(FILM) == pair_name(MinimalPair("The film is", " good", " dull", (4, 8), "other"))
    assert pair_name(FILM) != pair_name(MinimalPair("The film is", " good", " dull", (0, 3), "any"))


class Counting:
    """An explainer whose scores are the lengths of the prompt's words, and whose logit is that of the prompt."""

    name = "a subject"

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Target]] = []

    def __call__(self, texts: Sequence[str], target: Target) -> list[Attribution]:
        self.calls.append((list(texts), target))
        return [record(text, target) for text in texts]


def record(text: str, target: Target) -> Attribution:
    tokens, scores, at = [Token("<s>", None, None)], [100.0], 0
    for word in text.split(" "):
        tokens.append(Token(word, at, at + len(word)))
        scores.append(float("nan") if text.startswith("Broken") else float(len(word)))
        at += len(word) + 1
    return Attribution(
        text=text,
        tokens=tuple(tokens),
        scores=tuple(scores),
        method="bcos",
        parameters={},
        target=target,
        logit=len(text) - 20.0,
        reference_share=0.0,
        additive=False,
        logits=(),
        probabilities=(),
        labels=(),
        model="any",
        weights_hash="any",
        cost=Cost(1.0, 2.0, 0.5),
    )


def question(prefix: str, evidence: str, good: int, bad: int) -> Question:
    at = prefix.index(evidence)
    return Question(MinimalPair(prefix, " a", " b", (at, at + len(evidence)), "any"), prefix, good, bad)


def test_questions_of_the_same_tokens_are_explained_together_and_once(home: Home) -> None:
    explainer, told = Counting(), []
    answers = Answers(EvidenceStore(open_database(home)))
    questions = [question(f"The film of {'x' * (place + 1)}", "film", place % 2, 5) for place in range(2 * CHUNK + 2)]
    answers.fill(explainer, questions, told.append)  # type: ignore[arg-type]
    assert [len(texts) for texts, _ in explainer.calls] == [CHUNK, 1, CHUNK, 1] == told
    assert {(target.index, target.minus) for _, target in explainer.calls} == {(0, 5), (1, 5)}
    for texts, _ in explainer.calls:
        assert texts == sorted(texts, key=len, reverse=True)
    more = [*questions, question("The other film", "film", 0, 5)]
    assert answers.missing(explainer.name, more) == more[-1:]
    answers.fill(explainer, more, told.append)  # type: ignore[arg-type]
    assert explainer.calls[-1][0] == ["The other film"]
    assert [one.difference for one in answers.find(explainer.name, more)] == [len(one.prompt) - 20.0 for one in more]


def test_values_by_hand(home: Home) -> None:
    answers = Answers(EvidenceStore(open_database(home)))
    questions = [
        question("A long film", "long", 0, 5),  # scores 1, 4, 4; logit −9
        question("An old film that drags on", "old", 0, 5),  # 2, 3, 4, 4, 5, 2; logit 5
        question("Broken film", "film", 0, 5),
        Question(MinimalPair("It is a film of them", " a", " b", None, "any"), "It is a film of them", 0, 5),  # logit 0
    ]
    explainer = Counting()
    answers.fill(explainer, questions, lambda done: None)  # type: ignore[arg-type]
    found = answers.find(explainer.name, questions)
    names = [pair_name(one.pair) for one in questions]
    assert table.differences(questions, found) == dict(zip(names, [-9.0, 5.0, -9.0, 0.0], strict=True))
    assert answers.kept(explainer.name, questions[1]) == found[1]
    assert answers.kept("another subject", questions[1]) is None
    cases, words = (table.cases_of(questions, found, unit=unit, strikes={}, courses={}) for unit in ("token", "word"))
    assert set(cases) == {names[0], names[1], names[3]}  # of one it gave no numbers
    measures = ("mrr", "top_1", "positive_share")
    method = table.contender("one", "bcos", cases, found, measures=measures)
    assert method.values["mrr"] == {names[0]: pytest.approx((1 + 1 / 2) / 2), names[1]: pytest.approx(1 / 4)}
    assert method.values["top_1"] == {names[0]: 0.5, names[1]: 0.0}
    assert method.values["positive_share"] == {names[0]: pytest.approx(4 / 9), names[1]: pytest.approx(3 / 20)}
    assert (method.failed, method.forward_passes, method.backward_passes, method.seconds) == (1, 1.0, 2.0, 0.5)
    random = table.contender("one", "random", words, found, measures=measures)
    assert random.values["mrr"][names[0]] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert random.values["positive_share"][names[1]] == pytest.approx(1 / 6)
    assert (random.forward_passes, random.seconds) == (0.0, 0.0)
    assert set(method.values) == set(random.values) == set(measures)
    assert table.unread(questions, found) == 0
    cut = [replace(found[0], tokens=found[0].tokens[-1:]), *found[1:]]
    assert table.unread(questions, cut) == 1
    assert table.cut(questions, found) == 0 and table.cut(questions, cut) == 1
    assert table.cut([*questions, questions[0]], [*cut, cut[0]]) == 1  # a prompt that is asked twice
    assert table.read_from("A long film", cut[0].tokens) == cut[0].tokens[0].start
    assert table.read_from("  Film", [Token("", None, None), Token("", 2, 6)]) == 0
