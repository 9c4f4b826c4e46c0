"""Minimal pairs as tables: what every method reaches, and which word every model prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bcos_core.attribution.registry import METHODS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.words import Names
from bcos_core.numbers import count, is_missing, percent
from bcos_core.render.methods import method_title

Row = Mapping[str, Any]


def pairs_table(rows: Sequence[Row], names: Names, protocol: str) -> pd.DataFrame:
    """Every row of a result (`PairsResult.rows`), columns as they are exported."""
    return pd.DataFrame(
        [
            {
                "pairs of": row["source"],
                "measure": MEASURES[row["measure"]].title,
                "method": method_title(row["method"]),
                "model": names.get(row["checkpoint"], row["checkpoint"]),
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "pairs": row["n"],
                "failed": row["failed"],
                "beats random": {True: "yes", False: "no", None: "–"}[row["beats_random"]],
                "forward passes": row["forward_passes"],
                "backward passes": row["backward_passes"],
                "ms per pair": None if row["seconds"] is None else 1000 * row["seconds"],
                "protocol": protocol,
            }
            for row in rows
        ]
    )


def preference_table(rows: Sequence[Row], names: Names) -> pd.DataFrame:
    """The share of pairs of which each model prefers the right word (`PairsResult.preferences`)."""
    return pd.DataFrame(
        [
            {
                "pairs of": row["source"],
                "model": names.get(row["checkpoint"], row["checkpoint"]),
                "prefers the right word": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "pairs": row["n"],
            }
            for row in rows
        ]
    )


def difference_table(rows: Sequence[Row], names: Names) -> pd.DataFrame:
    """Paired differences (`PairsResult.differences`), columns as they are exported."""
    return pd.DataFrame(
        [
            {
                "pairs of": row["source"],
                "measure": MEASURES[row["measure"]].title,
                "method": method_title(row["method"]),
                "model": names.get(row["checkpoint"], row["checkpoint"]),
                "minus": _called(row["against"], names),
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "pairs": row["n"],
                "p": row["p"],
                "p (Holm)": row["p_holm"],
            }
            for row in rows
        ]
    )


def best_first(row: Row) -> tuple[bool, float]:
    """The key by which the rows of one measure are sorted: the best mean first, those without a value last."""
    return not row["n"], (row["mean"] or 0.0) * (-1 if MEASURES[row["measure"]].higher_is_better else 1)


def is_expected(row: Row) -> bool:
    """Whether a value is not that of a drawn ranking, but what a random one is expected to reach."""
    return METHODS[row["method"]].chance and MEASURES[row["measure"]].of_chance is not None


def shown_pairs(rows: Sequence[Row], names: Names, source: str) -> pd.DataFrame:
    """The pairs of one source, a row for each method on each model, the best by the first measure first that has a
    value there: every measure with its interval, and the cost. "Beats random" and the number of pairs are of the first
    measure; another that has fewer or more pairs says so."""
    found = [row for row in rows if row["source"] == source]
    measured = {row["measure"] for row in found if row["n"]} or {row["measure"] for row in found}
    first_measure = next((name for name in MEASURES if name in measured), None)
    firsts = [row for row in found if row["measure"] == first_measure]
    firsts.sort(key=best_first)
    table = []
    for first in firsts:
        own = {row["measure"]: row for row in found if all(row[key] == first[key] for key in ("checkpoint", "method"))}
        table.append(
            {
                "method": method_title(first["method"]) + (" (expected)" if is_expected(first) else ""),
                "model": names.get(first["checkpoint"], first["checkpoint"]),
                **{MEASURES[name].title: _in_words(row, pairs=first["n"]) for name, row in own.items()},
                "pairs": first["n"],
                "beats random": {True: "yes", False: "no", None: "–"}[first["beats_random"]],
                "passes": "–"
                if first["forward_passes"] is None
                else f"{first['forward_passes']:.1f} + {first['backward_passes']:.1f}",
            }
        )
    return pd.DataFrame(table)


def shown_preferences(rows: Sequence[Row], names: Names) -> pd.DataFrame:
    """Which word the models prefer, in words."""
    return pd.DataFrame(
        [
            {
                "pairs of": row["source"],
                "model": names.get(row["checkpoint"], row["checkpoint"]),
                "prefers the right word": "–"
                if not row["n"]
                else f"{percent(row['mean'])} [{percent(row['low'])}, {percent(row['high'])}]",
                "pairs": row["n"],
            }
            for row in rows
        ]
    )


def _in_words(row: Row, *, pairs: int) -> str:
    """A mean with its interval, and over how many pairs it is where these are not so many as the row says."""
    if not row["n"]:
        return "–"
    written = MEASURES[row["measure"]].written
    mean = written(row["mean"])
    said = mean if is_missing(row["low"]) else f"{mean} [{written(row['low'])}, {written(row['high'])}]"
    return said if row["n"] == pairs else f"{said} of {count(row['n'], 'pair')}"


def _called(id: str, names: Names) -> str:
    """A contender by its method's title and its model's name."""
    method, _, checkpoint = id.partition("@")
    return f"{method_title(method)} on {names.get(checkpoint, checkpoint)}"
