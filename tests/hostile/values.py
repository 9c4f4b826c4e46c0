"""Values that a parser does not expect, and JSON with these in the place of what it does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.hostile.watch import MARK


@dataclass(frozen=True)
class Raw:
    """What stands in JSON letter by letter: what no writer of JSON would write."""

    json: str

    def value(self) -> Any:
        """As Python's own reader has it, for what takes plain data; the text where that reader refuses it, too."""
        try:
            return json.loads(self.json)
        except (ValueError, RecursionError):
            return self.json


TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ud800", "a\udfff", "\u202egnp.exe", "\u2066x\u2069", "\ufeff", "\u200b", "\x1b[31m"),
    *(
        "../../outside/secret.csv",
        "..\\..\\outside",
        "/etc/passwd",
        "~root",
        "~/x",
        "//host/share",
        "file:///etc/passwd",
    ),
    *(
        "C:\\Windows\\win.ini",
        "CON",
        "NUL.txt",
        "aux.csv",
        "-rf",
        "--help",
        ".",
        "..",
        "...",
        "/",
        "a/../b",
        "%2e%2e%2f",
    ),
    *("<script>alert(1)</script>", "{{7*7}}", "${7*7}", "%s%n%x", "{0.__class__}", "=HYPERLINK(1)", "@SUM(1)", "'; --"),
    *(f"__import__('os').system('{MARK}')", f"{{% for x in ().__class__.__bases__ %}}{MARK}", "\\input{/etc/passwd}"),
    *("nan", "NaN", "inf", "-0", "1e999", "0x10", "１２", "²", "٣", "1_000", "+1", "true", "null", "None", "[]", "{}"),
    *(
        "9" * 30,
        "9" * 5000,
        "-" * 50,
        "é",
        "e\u0301" * 40,
        "👩‍👩‍👧‍👦",
        "ﷺ",
        "a" * 300,
        "word " * 400,
        "[" * 500,
        '{"a":' * 200,
    ),
    *(
        "2026-13-45T99:99",
        "0000-00-00",
        "javascript:alert(1)",
        "hub:../..",
        "hub:a/b/c",
        "org/name",
        "minilm",
        "smollm2",
    ),
)
NUMBERS = (
    *(0, 1, -1, 2, 7, 255, 256, 65_536, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64),
    *(10**12, 10**30, 10**400, 0.5, -0.0, 1e-320, 1e308, -1e308, 1.5, 99.99),
)
OTHERS: tuple[Any, ...] = (
    *(None, True, False, [], {}, [[]], [{}], {"": {}}, [None], [1, "a", None], {"a": [1]}, [0.1] * 50, ["x"] * 200),
    *(Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e999"), Raw("-1e999"), Raw("1" + "0" * 5000)),
    *(Raw("[" * 40 + "]" * 40), Raw('{"a":' * 500 + "1" + "}" * 500), Raw("[" * 100_000 + "]" * 100_000)),
    *(Raw('{"a":1,"a":2}'), Raw('"\\ud800"'), Raw('"\\u0000"'), Raw("01"), Raw("'a'"), Raw("tru"), Raw("")),
    Raw("[" + ",".join(["0"] * 20_000) + "]"),
)
texts = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(), max_size=12))
values = st.one_of(
    st.sampled_from(OTHERS), st.sampled_from(NUMBERS), texts, st.integers(), st.floats(), st.sampled_from(OTHERS)
)

KINDS = ("replace", "replace", "replace", "remove", "rename", "add", "wrap", "swap", "repeat", "lengthen", "type")
Change = tuple[str, int, Any]
"""A kind, which of the places in the tree, and a value."""
changes = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4095), values), max_size=4)


def changed(tree: Any, what: list[Change]) -> Any:
    """A copy of plain data with these changes, some of which may be `Raw`."""
    root = {"": copy.deepcopy(tree)}
    for kind, at, value in what:
        places = list(_places(root))
        holder, key = places[at % len(places)]
        _change(kind, holder, key, copy.deepcopy(value), places[(at * 31 + 7) % len(places)])
    return root.get("")


def plain(tree: Any) -> Any:
    """The same without `Raw`: as Python reads it."""
    if isinstance(tree, Raw):
        return tree.value()
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    return [plain(value) for value in tree] if isinstance(tree, list) else tree


def written(tree: Any) -> bytes:
    """As JSON, `Raw` letter by letter; half characters as they stand."""
    raws: list[str] = []

    def placed(node: Any) -> Any:
        if isinstance(node, Raw):
            raws.append(node.json)
            return f"\x01{len(raws) - 1}\x01"
        if isinstance(node, dict):
            return {key: placed(value) for key, value in node.items()}
        return [placed(value) for value in node] if isinstance(node, list) else node

    text = json.dumps(placed(tree))
    for number, raw in enumerate(raws):
        text = text.replace(f'"\\u0001{number}\\u0001"', raw)
    return text.encode("utf-8", "surrogatepass")


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a tree, as what holds it and its key or number there; long lists by their first items."""
    if isinstance(node, dict):
        for key in list(node):
            yield node, key
            yield from _places(node[key])
    elif isinstance(node, list):
        for number in range(min(len(node), 6)):
            yield node, number
            yield from _places(node[number])


def _change(kind: str, holder: Any, key: Any, value: Any, other: tuple[Any, Any]) -> None:
    node = holder[key]
    if kind == "remove" and key != "":
        del holder[key]
    elif kind == "rename" and isinstance(holder, dict) and key != "":
        holder[str(value)[:100]] = holder.pop(key)
    elif kind == "add" and isinstance(node, dict):
        node[str(value)[:100]] = value
    elif kind == "add" and isinstance(node, list):
        node.append(value)
    elif kind == "wrap":
        holder[key] = [node]
    elif kind == "swap":
        try:
            holder[key] = copy.deepcopy(other[0][other[1]])
        except (KeyError, IndexError):  # an earlier step has taken it away
            holder[key] = None
    elif kind == "repeat" and isinstance(node, list) and len(node) < 500:
        holder[key] = copy.deepcopy(node * 3)
    elif kind == "lengthen" and isinstance(node, str):
        holder[key] = node[:200] * 200
    elif kind == "type":
        holder[key] = str(node)[:500] if not isinstance(node, str) else _number(node)
    else:
        holder[key] = value


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return len(text)
