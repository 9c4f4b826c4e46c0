"""Where in the network a sum passed: matrices of layers by words, positions and heads, and the strongest paths."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from bcos_core.attribution.components import Components, Path
from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number
from bcos_core.render.figure_text import figure_text
from bcos_core.render.matrix import DIVERGING
from bcos_core.text.token_names import readable, with_signs

_ROW_HEIGHT = 20
PAST_ALL = "past all layers"


@dataclass(frozen=True)
class View:
    """A way to look at components: its `title` on a switch, the question above its figure, what it `says` in words,
    and its `figure` and `table`."""

    title: str
    says: str
    figure: Callable[[Components], go.Figure]
    table: Callable[[Components], pd.DataFrame]


def token_names(record: Attribution) -> list[str]:
    """What the record's tokens are called on axes and in sentences: what they are in the text, or their own name."""
    return [
        with_signs(record.text[token.start : token.end].strip(" ") if token.start is not None else "")
        or readable(token.text)
        for token in record.tokens
    ]


def summary(found: Components) -> str:
    """How the parts add up, in a line."""
    parts = {
        "embeddings": math.fsum(found.direct),
        "attention": math.fsum(found.attention),
        "feed-forward": math.fsum(found.feed_forward),
        "biases": found.bias_share,
    }
    said = ", ".join(f"{name} {number(share, signed=True)}" for name, share in parts.items() if share)
    return f"Adds to {number(found.sum)} of {number(found.record.logit)}: {said}."


def path_text(path: Path, names: Sequence[str]) -> str:
    """A path in words; `names` are those of the record's tokens."""
    word = "" if path.position is None else f"“{names[path.position]}” ({path.position + 1})"
    return {
        "embedding": f"{word} itself, {PAST_ALL}",
        "attention": f"layer {path.layer}, head {path.head} reads {word}",
        "feed-forward": f"layer {path.layer}, feed-forward",
        "biases": "biases that are added to the stream",
    }[path.kind]


def path_table(found: Components, most: int = 12) -> pd.DataFrame:
    """The strongest paths, a row each: `path` in words, `share`."""
    names = token_names(found.record)
    rows = [(path_text(path, names), path.share) for path in found.strongest(most)]
    return pd.DataFrame(rows, columns=["path", "share"])


def _matrix(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float]],
    *,
    limit: float,
    across: str,
    along: str,
) -> go.Figure:
    """Colours run from minus to plus `limit`; rows from the bottom up, as layers stand on each other."""
    shown = [figure_text(name) for name in columns]
    hover = [
        [f"{shown[place]}, {row}: {number(value, signed=True)}" for place, value in enumerate(line)]
        for row, line in zip(rows, values, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=[list(line) for line in values],
            x=shown,
            y=list(rows),
            text=hover,
            zmin=-limit or -1.0,
            zmax=limit or 1.0,
            colorscale=DIVERGING,
            showscale=False,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": across, "type": "category", "showgrid": False, "tickangle": -90, "tickfont": {"size": 11}},
        yaxis={"title": along, "type": "category", "showgrid": False, "automargin": True, "tickfont": {"size": 11}},
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        height=170 + _ROW_HEIGHT * max(len(rows), 6),
    )
    return figure


def _largest(record: Attribution, values: Sequence[Sequence[float]]) -> float:
    """Of words: added tokens may have more, and take full colour."""
    ordinary = [place for place, token in enumerate(record.tokens) if not token.added]
    return max((abs(line[place]) for line in values for place in ordinary), default=0.0)


def _by_token(title: str, found: Components, rows: Sequence[str], values: Sequence[Sequence[float]]) -> go.Figure:
    names = [f"{place} {name}" for place, name in enumerate(token_names(found.record), 1)]
    limit = _largest(found.record, values)
    return _matrix(title, rows, names, values, limit=limit, across="tokens", along="layer")


def source_figure(found: Components) -> go.Figure:
    """Tokens of the text by the layer that added their share last."""
    rows = [PAST_ALL, *(f"layer {layer}" for layer in range(1, len(found.sources)))]
    return _by_token("Through which layer did each token’s share come?", found, rows, found.sources)


def hidden_figure(found: Components) -> go.Figure:
    """Positions by layer: where what decides stands."""
    rows = ["embeddings", *(f"after layer {layer}" for layer in range(1, len(found.hidden)))]
    return _by_token("At which positions does the evidence stand?", found, rows, found.hidden)


def head_figure(found: Components) -> go.Figure:
    """Heads and feed-forward parts by layer."""
    heads = len(found.heads[0])
    columns = [*(f"head {head}" for head in range(1, heads + 1)), "feed-forward"]
    values = [[*row, fed] for row, fed in zip(found.heads, found.feed_forward, strict=True)]
    rows = [f"layer {layer}" for layer in range(1, len(values) + 1)]
    limit = max(abs(value) for line in values for value in line)
    title = "What did each head and feed-forward part add?"
    return _matrix(title, rows, columns, values, limit=limit, across="", along="layer")


def _token_table(found: Components, values: Sequence[Sequence[float]], shares: Sequence[float]) -> pd.DataFrame:
    """A row a layer and token: `layer` (0: the embeddings), `token`, `place` (missing: what no token has), `share`."""
    names = token_names(found.record)
    rows: list[tuple[int, str | None, int | None, float]] = []
    for layer, (line, share) in enumerate(zip(values, shares, strict=True)):
        rows += [(layer, name, place, value) for place, (name, value) in enumerate(zip(names, line, strict=True), 1)]
        rows.append((layer, None, None, share))
    return pd.DataFrame(rows, columns=["layer", "token", "place", "share"]).astype({"place": "Int64"})


def source_table(found: Components) -> pd.DataFrame:
    return _token_table(found, found.sources, found.source_shares)


def hidden_table(found: Components) -> pd.DataFrame:
    return _token_table(found, found.hidden, found.hidden_shares)


VIEWS = {
    "tokens": View(
        "Tokens and layers",
        "A column adds up to the token’s contribution in the heatmap, a row to what the layer added last. What came "
        "through several layers stands at the last of them. Full colour: the largest share of a word.",
        source_figure,
        source_table,
    ),
    "positions": View(
        "Positions and layers",
        "Every row adds up to all that is explained: it shows where the evidence stands as it goes up, and when it is "
        "brought to where the answer is read. In the middle of the network a position is more than its token. Full "
        "colour: the largest share of a word.",
        hidden_figure,
        hidden_table,
    ),
    "heads": View(
        "Heads",
        "What each head, and each feed-forward part, added to the number that is explained, past all layers above it. "
        "Full colour: the largest of them.",
        head_figure,
        Components.to_frame,
    ),
}
