"""Word spans: hand-made expectations, and what must hold for every text."""

import random
import time

import pytest

from bcos_core.text.words import count_words, word_spans


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


FAMILY = "👨‍👩‍👧‍👦"
HEART_ON_FIRE = "❤️‍🔥"

EXPECTED = {
    "": [],
    " \t\n\u00a0\u3000": [],
    "A fine film.": ["A", "fine", "film", "."],
    "don't won’t rock'n'roll": ["don't", "won’t", "rock'n'roll"],
    "state-of-the-art snake_case": ["state-of-the-art", "snake_case"],
    "well--known 'quoted' -5 end-": ["well", "-", "-", "known", "'", "quoted", "'", "-", "5", "end", "-"],
    "wow!!! :)": ["wow", "!", "!", "!", ":", ")"],
    "a ' b": ["a", "'", "b"],
    "<script>alert(1)</script>": ["<", "script", ">", "alert", "(", "1", ")", "<", "/", "script", ">"],
    f"ok{FAMILY}{HEART_ON_FIRE}!": ["ok", FAMILY, HEART_ON_FIRE, "!"],
    "👍🏽👍🏽": ["👍🏽", "👍🏽"],
    "🇩🇪🇫🇷": ["🇩🇪", "🇫🇷"],
    "1️⃣": ["1️⃣"],
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": [
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    ],
    "cafe\u0301 au lait": ["cafe\u0301", "au", "lait"],
    "映画はとても良い。": ["映", "画", "は", "と", "て", "も", "良", "い", "。"],
    "は\u3099": ["は\u3099"],
    "ﾊﾞｶ": ["ﾊﾞ", "ｶ"],
    "BERT模型v2": ["BERT", "模", "型", "v2"],
    "영화가 좋다": ["영화가", "좋다"],
    "فيلم رائع!": ["فيلم", "رائع", "!"],
    "مَرْحَبًا": ["مَرْحَبًا"],
    "می\u200cخواهم": ["می\u200cخواهم"],
    "\u200fשלום עולם": ["\u200fשלום", "עולם"],
    "हिन्दी फ़िल्म": ["हिन्दी", "फ़िल्म"],
    "co\u00adop": ["co\u00adop"],
    "ab\u200bcd": ["ab\u200b", "cd"],
    "\u0301": ["\u0301"],
    "x \u200d y": ["x", "\u200d", "y"],
    "Größe ﬁn Ǆ": ["Größe", "ﬁn", "Ǆ"],
}


@pytest.mark.parametrize("text", EXPECTED)
def test_words_are_cut_where_a_reader_would_cut(text: str) -> None:
    assert words(text) == EXPECTED[text]


def assert_covers(text: str) -> None:
    spans = word_spans(text)
    end = 0
    for start, stop in spans:
        assert end <= start < stop, "spans are ordered, disjoint and not empty"
        assert text[end:start].strip() == "", "only white space lies between words"
        assert not any(character.isspace() for character in text[start:stop])
        end = stop
    assert text[end:].strip() == ""


def test_every_text_is_covered() -> None:
    alphabet = [*"ab19 '’-_.!<>&\n\t\0", "é", "e\u0301", "\u0301", "\u200d", "\u200b", "\u200f", "\ufe0f", "ß"]
    alphabet += [
        "映",
        "は",
        "ー",
        "ﾞ",
        "فيلم",
        "שׁ",
        "हि",
        "👨",
        "👩\u200d",
        "🏽",
        "🇩",
        "\U000e007f",
        "\ud800",
        "😀",
        "ไทย",
        "\ufeff",
    ]
    draw = random.Random(5)
    for text in EXPECTED:
        assert_covers(text)
    for _ in range(3000):
        assert_covers("".join(draw.choices(alphabet, k=draw.randrange(12))))


@pytest.mark.parametrize("character", ["a", "!", "映", "\u0301", "🏽", "-", "😀", "\u200d"])
def test_one_repeated_character_takes_linear_time(character: str) -> None:
    # Four times the text takes four times as long, not sixteen. The thread's own time, the best of three: neither
    # other processes nor the collector's pauses count.
    short, long = (min(thread_seconds(character * length) for _ in range(3)) for length in (5_000, 20_000))
    assert long < 8 * short


def thread_seconds(text: str) -> float:
    start = time.thread_time()
    assert_covers(text)
    return time.thread_time() - start


def test_a_long_word_is_one_span() -> None:
    assert word_spans("a" * 5000) == ((0, 5000),)


def test_words_are_counted_for_lengths() -> None:
    assert count_words("A fine film, really.") == 4
    assert count_words("") == 0
    assert count_words("映画 is good") == 4  # two characters and two words
    assert count_words("naïve  café") == 2
