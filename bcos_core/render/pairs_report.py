"""Minimal pairs to take away: every pair as a table, and all there is to say as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from bcos_core.attribution.registry import METHODS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import PairsResult
from bcos_core.minimal_pairs.words import Names, pairs_paragraphs, protocol_in_words
from bcos_core.render.markdown import escaped, markdown_table
from bcos_core.render.methods import method_title
from bcos_core.render.minimal_pairs import Row, shown_pairs, shown_preferences


def every_pair(result: PairsResult, names: Names) -> pd.DataFrame:
    """A row for each pair, model and method, columns as they are exported. A pair that stands in several sources has
    all their names."""
    sources: dict[str, list[str]] = {}
    for source in result.sources:
        for name in source.pairs:
            sources.setdefault(name, []).append(source.name)
    differences = {one.checkpoint: one.differences for one in result.speakers}
    rows = []
    for contender in result.contenders:
        for name, pair in result.pairs.items():
            if name not in differences[contender.checkpoint]:  # this model was not asked about it
                continue
            rows.append(
                {
                    "pairs of": ", ".join(sources[name]),
                    "prefix": pair.prefix,
                    "right word": pair.good,
                    "wrong word": pair.bad,
                    "evidence": pair.evidence_word,
                    "paradigm": pair.paradigm,
                    "model": names.get(contender.checkpoint, contender.checkpoint),
                    "logit right − wrong": differences[contender.checkpoint][name],
                    "method": method_title(contender.method)
                    + (" (expected)" if METHODS[contender.method].chance else ""),
                    **{MEASURES[measure].title: values.get(name) for measure, values in contender.values.items()},
                }
            )
    return pd.DataFrame(rows)


def pairs_markdown(result: PairsResult, rows: Sequence[Row], names: Names) -> str:
    """What is on the page: the sentences, both tables, the protocol. `rows` are those of the result."""
    parts = ["# Minimal pairs"]
    parts += [escaped(" ".join(paragraph)) for paragraph in pairs_paragraphs(result, names)]
    parts.append(markdown_table(shown_preferences(result.preferences(), names), "Which word is preferred"))
    for source in dict.fromkeys(row["source"] for row in rows):
        parts.append(markdown_table(shown_pairs(rows, names, source), f"Pairs of {source}"))
    parts += [escaped(note) for note in (*result.notes, protocol_in_words(result))]
    return "\n\n".join(parts) + "\n"
