"""Edited copies of a text, and which of its words they share: what the edit tests compare.

Edits work on the words of a text (`bcos_core.text.words`), so that they are the same for every tokenizer. A pair is
edited as one string: words of both texts may change, and a sentence is added at the end of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bcos_core.text.pair import halves
from bcos_core.text.words import Span, word_spans
from bcos_core.trust.word_lists import ANTONYMS, AUXILIARIES, NEGATIONS, NEUTRAL_SENTENCE, SYNONYMS


@dataclass(frozen=True)
class Change:
    """The characters from `start` to `end` become `new`. `same`: it is the same word still, and its score is compared;
    also a word that another took the place of, where that place is looked at."""

    start: int
    end: int
    new: str
    same: bool = False


@dataclass(frozen=True)
class Edit:
    """`text` is the edited one; `shared` has the places of the words that stand in both, in the old text and in the
    new."""

    text: str
    shared: tuple[tuple[Span, Span], ...]


Strength = Mapping[Span, float]
"""How far the model's answer moves without the word at a place, always positive, for the words that were asked
about."""


def apply(text: str, changes: Sequence[Change]) -> Edit:
    """The text with the changes made, which share no character."""
    pieces: list[str] = []
    moved: list[tuple[int, int, int, bool]] = []  # old start, old end, new start, still the same word
    at = length = 0
    for change in sorted(changes, key=lambda change: change.start):
        pieces.append(text[at : change.start])
        length += change.start - at
        moved.append((change.start, change.end, length, change.same))
        pieces.append(change.new)
        length += len(change.new)
        at = change.end
    edited = "".join([*pieces, text[at:]])
    after = {(start, end): (new, same) for start, end, new, same in moved}
    new_length = {(change.start, change.end): len(change.new) for change in changes}
    shared: list[tuple[Span, Span]] = []
    for span in word_spans(text):
        if span in after:
            new, same = after[span]
            if same:
                shared.append((span, (new, new + new_length[span])))
        elif not any(start < span[1] and span[0] < end for start, end in after):
            shift = sum(new_length[place] - (place[1] - place[0]) for place in after if place[1] <= span[0])
            shared.append((span, (span[0] + shift, span[1] + shift)))
    return Edit(edited, tuple(shared))


def other_case(text: str) -> Edit | None:
    """In small letters; a text without a capital letter gets one at its beginning. None without letters."""
    changes = [
        Change(start, end, text[start:end].lower(), same=True)
        for start, end in word_spans(text)
        if text[start:end] != text[start:end].lower()
    ]
    if not changes:
        first = next(((s, e) for s, e in word_spans(text) if text[s].upper() != text[s]), None)
        if first is None:
            return None
        changes = [Change(*first, text[first[0]].upper() + text[first[0] + 1 : first[1]], same=True)]
    return apply(text, changes)


def with_synonyms(text: str) -> Edit | None:
    """Every word of the list as its synonym; None where the text has none."""
    changes = _exchanged(text, SYNONYMS)
    return apply(text, changes) if changes else None


def with_sentence(text: str) -> Edit:
    """A neutral sentence at the end; of a pair, at the end of the first text."""
    _, end = halves(text)[0]
    written = text[:end].rstrip()
    stop = "" if written.endswith((".", "!", "?")) else "."
    return apply(text, [Change(len(written), end, f"{stop} {NEUTRAL_SENTENCE}")])


def without_strongest(text: str, strength: Strength, mask: str | None, *, joined: bool = False) -> Edit | None:
    """The strongest word replaced by the mask token, or left out where there is none; None where no word has a
    strength. `joined` as in `hidden`."""
    return hidden(text, _strongest(strength), mask, joined=joined) if strength else None


def hidden(text: str, place: Span, mask: str | None, *, joined: bool = False) -> Edit | None:
    """The word at a place replaced by the mask token, or left out; None where nothing would be left. `joined`: the
    space before it goes too, which some tokenizers read into the word."""
    start, end = place
    if mask is not None:
        space = [Change(start - 1, start, "")] if joined and text[start - 1 : start] == " " else []
        return apply(text, [*space, Change(start, end, mask, same=True)])
    first, last = next(half for half in halves(text) if half[0] <= start <= half[1])
    if not (text[first:start] + text[end:last]).strip():
        return None
    return apply(text, [Change(start, end, "")])


def with_antonym(text: str, strength: Strength) -> Edit | None:
    """The strongest word of the list as its opposite; None where the text has none."""
    known = {(change.start, change.end): change for change in _exchanged(text, ANTONYMS, same=True)}
    asked = {place: strength[place] for place in known if place in strength}
    return apply(text, [known[_strongest(asked)]]) if asked else None


def negated(text: str, strength: Strength) -> Edit | None:
    """With “not” behind the first auxiliary verb, or before the strongest word of the list; None where there is neither
    or the text has a negation."""
    words = {(s, e): text[s:e].lower().replace("’", "'") for s, e in word_spans(text)}
    if any(word in NEGATIONS or word.endswith("n't") for word in words.values()):
        return None
    for place, word in words.items():
        if word in AUXILIARIES:
            return apply(text, [Change(place[1], place[1], " not")])
    asked = {place: strength[place] for place, word in words.items() if word in ANTONYMS and place in strength}
    if not asked:
        return None
    start, _ = _strongest(asked)
    return apply(text, [Change(start, start, "not ")])


def _strongest(strength: Strength) -> Span:
    return max(strength, key=lambda place: (strength[place], -place[0]))


def _exchanged(text: str, known: Mapping[str, str], *, same: bool = False) -> list[Change]:
    """Every word that is known, as its counterpart, written as it was; not where “a” would have to become “an”."""
    changes: list[Change] = []
    before = ""
    for start, end in word_spans(text):
        word = text[start:end]
        new = known.get(word.lower())
        if new is not None and not (before in ("a", "an") and _vowel(new) != _vowel(word.lower())):
            changes.append(Change(start, end, _written_as(word)(new), same))
        before = word.lower()
    return changes


def _vowel(word: str) -> bool:
    return word[0] in "aeiou"


def _written_as(word: str) -> Callable[[str], str]:
    if word.isupper() and len(word) > 1:
        return str.upper
    return str.capitalize if word[0].isupper() else str
