"""Minimal pairs as tables: what every method reaches, and which word every model prefers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bcos_core.attribution.registry import METHODS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.words import Names, written
from bcos_core.numbers import is_missing, percent
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
                "ms per pair": 1000 * row["seconds"],
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


def shown_pairs(rows: Sequence[Row], names: Names, source: str) -> pd.DataFrame:
    """The pairs of one source, a row for each method on each model, the highest mean reciprocal rank first: every
    measure with its interval, and the cost."""
    found = [row for row in rows if row["source"] == source]
    firsts = [row for row in found if row["measure"] == next(iter(MEASURES))]
    firsts.sort(key=lambda row: (not row["n"], -(row["mean"] or 0.0)))
    table = []
    for first in firsts:
        own = {row["measure"]: row for row in found if all(row[key] == first[key] for key in ("checkpoint", "method"))}
        table.append(
            {
                "method": method_title(first["method"]) + (" (expected)" if METHODS[first["method"]].chance else ""),
                "model": names.get(first["checkpoint"], first["checkpoint"]),
                **{MEASURES[name].title: _in_words(row) for name, row in own.items()},
                "pairs": first["n"],
                "beats random": {True: "yes", False: "no", None: "–"}[first["beats_random"]],
                "passes": f"{first['forward_passes']:.1f} + {first['backward_passes']:.1f}",
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


def _in_words(row: Row) -> str:
    if not row["n"]:
        return "–"
    mean = written(row["mean"], row["measure"])
    if is_missing(row["low"]):
        return mean
    return f"{mean} [{written(row['low'], row['measure'])}, {written(row['high'], row['measure'])}]"


def _called(id: str, names: Names) -> str:
    """A contender by its method's title and its model's name."""
    method, _, checkpoint = id.partition("@")
    return f"{method_title(method)} on {names.get(checkpoint, checkpoint)}"
