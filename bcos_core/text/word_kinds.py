"""Kinds of words, by closed lists of English: what carries grammar, what negates, and all else.

No tagger is asked: its own errors would be in every figure. Function words are a closed class, so that a list can be
whole; what is on neither list, of another language too, counts as a content word.
"""

from __future__ import annotations

from typing import Literal

WordKind = Literal["content", "function", "negation", "mark"]

NEGATIONS = frozenset(["no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "cannot"])
_DETERMINERS = """a an the this that these those each every either some any all both half enough much many more most few
fewer fewest little less least several such other others another own same"""
_PRONOUNS = """i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its
itself we us our ours ourselves they them their theirs themselves one ones oneself someone somebody something anyone
anybody anything everyone everybody everything who whom whose which what whoever whomever whatever whichever"""
_PREPOSITIONS = """about above across after against along alongside amid among amongst around as at before behind below
beneath beside besides between beyond by despite down during except for from in inside into like near of off on onto out
outside over past per since than through throughout till to toward towards under underneath until unto up upon via with
within without"""
_CONJUNCTIONS = "and but or so yet if because although though while whereas unless whether once when where why how"
_AUXILIARIES = """am is are was were be been being have has had having do does did doing can could may might must shall
should will would ought there"""
_CLITICS = frozenset(["s", "m", "d", "re", "ve", "ll"])  # of "it's", "I'm", "they'd"; some data write them apart
FUNCTION_WORDS = (
    frozenset(" ".join((_DETERMINERS, _PRONOUNS, _PREPOSITIONS, _CONJUNCTIONS, _AUXILIARIES)).split()) | _CLITICS
)


def word_kind(word: str) -> WordKind:
    """The kind of a word as `bcos_core.text.words` cuts them. A mark has neither letter nor digit.

    A contraction goes with what its parts are: "isn't" negates, "they'll" is a function word, "film's" a content word.
    """
    if not any(character.isalnum() for character in word):
        return "mark"
    plain = word.lower().replace("’", "'")
    if plain in NEGATIONS or plain.endswith("n't"):
        return "negation"
    stem, apostrophe, clitic = plain.partition("'")
    if plain in FUNCTION_WORDS or (apostrophe and stem in FUNCTION_WORDS and clitic in _CLITICS):
        return "function"
    return "content"
