"""A record as a static HTML page that stands alone: for saving, printing and pasting into a document."""

from __future__ import annotations

from html import escape

from bcos_core.attribution.record import Attribution
from bcos_core.render.numbers import number, probability
from bcos_core.render.palette import PALETTES, Palette
from bcos_core.render.pieces import Piece, View, pieces, runs, unit_scores
from bcos_core.render.scale import Scale, own_scale

# Colours follow the reader's light or dark setting; nothing is loaded and no script runs.
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.9 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem;
       background: light-dark(#ffffff, #171614); color: light-dark(#2f2d2b, #edebe8); }
h1 { font-size: 1.1rem; font-weight: 600; margin: 0; }
p { margin: 0.4rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 1.2rem 0; }
.unit { background: light-dark(var(--light), var(--dark)); border-radius: 3px; padding: 0.1em 0; }
.word { display: inline-block; max-width: 100%; line-height: 1.5; }
.added, .cut, .note { color: light-dark(#6d6b69, #aaa8a4); }
.added { font-size: 0.72em; margin: 0 0.35em; }
.note { font-size: 0.85rem; }
"""


def record_html(
    record: Attribution,
    *,
    view: View = "word",
    palette: Palette | None = None,
    scale: Scale | None = None,
    method_title: str | None = None,
) -> str:
    """The record as a complete HTML document; every text in it is escaped.

    `scale` is the panel's own unless given, `palette` the first preset.
    """
    palette = palette or PALETTES["blue-orange"]
    scale = scale or own_scale(unit_scores(record, view))
    method = escape(method_title or record.method)
    target = escape(record.target.title)
    body = "".join(_draw(run, palette, scale) for run in runs(pieces(record, view)))
    bars = ", ".join(
        f"{escape(label)} {probability(p)}" for label, p in zip(record.labels, record.probabilities, strict=True)
    )
    left, _, right = scale.ends
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{method} · {escape(record.model)}</title>'
        f"<style>{_STYLE}</style></head><body>\n"
        f"<h1>{method} · {escape(record.model)}</h1>\n"
        f'<p class="note">Explains the logit of “{target}”. Prediction (softmax): {bars}.</p>\n'
        f'<p class="text" dir="auto">{body}</p>\n'
        f'<p class="note">{palette.supports_name.capitalize()} supports “{target}”, {palette.against_name} speaks '
        f"against it, from {left} to {right}. {escape(scale.rule)}</p>\n"
        f'<p class="note">{escape(sum_sentence(record))}</p>\n</body></html>\n'
    )


def sum_sentence(record: Attribution) -> str:
    """What the contributions add up to, in words; for a method without that promise, that it has none."""
    if not record.additive:
        return "This method does not promise that its values add up to the logit."
    return (
        f"The contributions add to {number(record.sum)} of the logit {number(record.logit)} "
        f"(difference {number(record.completeness_error)}); of this, added tokens have "
        f"{number(record.added_share, signed=True)} and the reference {number(record.reference_share, signed=True)}."
    )


def _draw(run: tuple[Piece, ...], palette: Palette, scale: Scale) -> str:
    first = run[0]
    if first.kind == "gap":
        return escape(first.text)
    if first.kind == "cut":
        return f'<span class="cut" title="not seen by the model">{escape(first.text)}</span>'
    if first.kind == "added":
        return f'<span class="added" title="{number(first.score or 0.0, signed=True)}">{escape(first.text)}</span>'
    return f'<span class="word">{"".join(_unit(piece, palette, scale) for piece in run)}</span>'


def _unit(piece: Piece, palette: Palette, scale: Scale) -> str:
    score = piece.score or 0.0
    strength = scale.strength(score)
    light, dark = palette.shade(strength, "light").background, palette.shade(strength, "dark").background
    return (
        f'<span class="unit" style="--light:{light};--dark:{dark}" title="{number(score, signed=True)}">'
        f"{escape(piece.text)}</span>"
    )
