"""The words that the built-in paradigms draw from: short and frequent, most of them one token in the usual
vocabularies."""

from __future__ import annotations

PAST, PRESENT_BE, PRESENT_HAVE = ("was", "were"), ("is", "are"), ("has", "have")
VERBS = (PAST, PRESENT_BE, PRESENT_HAVE, ("looks", "look"), ("seems", "seem"), ("needs", "need"))
"""Of one subject and of several."""

PEOPLE = (
    ("author", "authors"), ("doctor", "doctors"), ("driver", "drivers"), ("farmer", "farmers"), ("guard", "guards"),
    ("lawyer", "lawyers"), ("manager", "managers"), ("nurse", "nurses"), ("officer", "officers"), ("pilot", "pilots"),
    ("player", "players"), ("singer", "singers"), ("student", "students"), ("teacher", "teachers"),
    ("worker", "workers"), ("writer", "writers"),
)  # fmt: skip
THINGS = (
    ("bag", "bags"), ("bottle", "bottles"), ("box", "boxes"), ("cabinet", "cabinets"), ("chair", "chairs"),
    ("cup", "cups"), ("desk", "desks"), ("door", "doors"), ("key", "keys"), ("lamp", "lamps"), ("letter", "letters"),
    ("mirror", "mirrors"), ("picture", "pictures"), ("plate", "plates"), ("table", "tables"), ("window", "windows"),
)  # fmt: skip
"""One and several, of which nobody says whether they are men or women."""

WOMEN = (
    ("actress", "actresses"), ("aunt", "aunts"), ("daughter", "daughters"), ("girl", "girls"),
    ("lady", "ladies"), ("mother", "mothers"), ("queen", "queens"), ("sister", "sisters"), ("woman", "women"),
)  # fmt: skip
MEN = (
    ("boy", "boys"), ("brother", "brothers"), ("father", "fathers"), ("gentleman", "gentlemen"), ("king", "kings"),
    ("man", "men"), ("prince", "princes"), ("son", "sons"), ("uncle", "uncles"),
)  # fmt: skip
WOMEN_NAMES = (
    "Alice", "Anna", "Emma", "Helen", "Julia", "Karen", "Laura", "Linda", "Lisa", "Mary", "Sarah", "Susan",
)  # fmt: skip
MEN_NAMES = (
    "Brian", "Daniel", "David", "George", "James", "John", "Kevin", "Michael", "Paul", "Peter", "Robert", "Thomas",
)  # fmt: skip

ADJECTIVES = ("big", "brown", "clean", "dark", "heavy", "large", "new", "old", "small", "strange", "white", "yellow")
NEAR = ("behind", "beside", "near", "next to")

REFLEXIVES = ("herself", "himself")
TO_ONESELF = (
    "blamed", "criticized", "defended", "described", "helped", "hurt", "introduced", "praised", "saved", "surprised",
    "taught", "trusted",
)  # fmt: skip
MET = ("admired", "called", "knew", "met", "saw", "thanked", "visited")

DETERMINERS = (("this", "these"), ("that", "those"))
TOOK = ("bought", "broke", "carried", "cleaned", "dropped", "fixed", "lost", "moved", "opened", "painted", "sold")
"""None of them takes a clause: after "noticed that" more than one kind of word may follow."""

PLACES = ("beach", "garden", "hospital", "library", "market", "museum", "office", "park", "restaurant", "school")
GIFTS = ("ball", "book", "cake", "coat", "drink", "flower", "letter", "picture", "ring", "ticket")
"""Each goes with "a"."""
