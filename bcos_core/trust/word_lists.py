"""The words that edits exchange: English, small letters, ours. A text in another language has none of them."""

from __future__ import annotations

from collections.abc import Iterable

NEUTRAL_SENTENCE = "This was written on a Tuesday."
"""It says nothing that an answer could hang on."""

_SYNONYMS = """
film movie | story tale | start begin | starts begins | big large | small little | quick fast | quickly fast
child kid | children kids | job task | buy purchase | bought purchased | help assist | helps assists | show display
shows displays | city town | picture image | pictures images | near close | whole entire | often frequently
maybe perhaps | nearly almost | enough sufficient | speak talk | speaks talks | woman lady | women ladies
man guy | men guys | company firm | companies firms | get receive | gets receives | seem appear | seems appears
end ending | finish complete | house home | street road | car automobile | doctor physician | answer reply
ask inquire | think believe | thinks believes | tell inform | need require | needs requires | use employ | uses employs
happen occur | happens occurs | choose select | keep retain | make create | makes creates | made created
main principal | important significant | various several | usual customary | around about | also additionally
but however | because since | although though | shop store | student pupil | students pupils | error mistake
director filmmaker | actor performer | actors performers | plot storyline | viewer spectator | viewers spectators
audience viewers | scene sequence | scenes sequences | script screenplay | humor humour | comedy farce
"""

_ANTONYMS = """
good bad | great terrible | best worst | better worse | excellent awful | wonderful horrible | amazing dreadful
brilliant stupid | beautiful ugly | happy sad | love hate | loves hates | loved hated | like dislike | likes dislikes
liked disliked | interesting boring | exciting dull | funny humorless | fun tedious | strong weak | easy hard
rich poor | clever foolish | smart dumb | fresh stale | warm cold | clear confusing | success failure
successful unsuccessful | succeeds fails | win lose | wins loses | won lost | right wrong | true false | nice nasty
pleasant unpleasant | perfect flawed | original derivative | deep shallow | kind cruel | friendly hostile | clean dirty
safe dangerous | fast slow | alive dead | light heavy | rise fall | rises falls | rose fell | gain loss | gains losses
up down | high low | increase decrease | increases decreases | more less | most least | always never | everyone nobody
everything nothing | positive negative | satisfied disappointed | satisfying disappointing | enjoyable unpleasant
enjoy endure | convincing unconvincing | believable unbelievable | memorable forgettable | powerful powerless
charming repulsive | entertaining tiresome | touching annoying | fascinating tedious | compelling uninteresting
worth worthless | worthy unworthy | pleasure pain | joy misery | hope despair | peace war | young old | new outdated
"""

_AUXILIARIES = "is are was were am be been has have had do does did can could will would should must may might"
_NEGATIONS = "not no never nothing nobody none neither nor cannot without hardly"
AUXILIARIES, NEGATIONS = (frozenset(words.split()) for words in (_AUXILIARIES, _NEGATIONS))


def _pairs(lines: str) -> list[tuple[str, str]]:
    found = (pair.split() for line in lines.strip().splitlines() for pair in line.split("|"))
    return [(one, other) for one, other in found]


def _both_ways(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each word with its counterpart; one that stands in several pairs has that of the first."""
    known: dict[str, str] = {}
    for one, other in pairs:
        known.setdefault(one, other)
        known.setdefault(other, one)
    return known


SYNONYMS = _both_ways(_pairs(_SYNONYMS))
ANTONYMS = _both_ways(_pairs(_ANTONYMS))
