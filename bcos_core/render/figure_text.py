"""Data shown as it is where Plotly reads some HTML: titles, labels, legends and hover."""

from __future__ import annotations

from html import escape


def figure_text(text: str) -> str:
    """`text` with everything escaped that Plotly would act upon: tags, entities, %{…} templates and $…$ formulas.

    Quotes stay: Plotly knows no entity for them.
    """
    return escape(text, quote=False).replace("$", "&#36;").replace("%{", "%&#123;")
