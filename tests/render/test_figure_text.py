"""Names in figures are text: Plotly reads some HTML, templates and formulas."""

from __future__ import annotations

from bcos_core.evaluate.audit import ChoiceAudit
from bcos_core.evaluate.reliability import Reliability
from bcos_core.lab.result import LabRow
from bcos_core.render.audit import confusion_figure, reliability_figure
from bcos_core.render.figure_text import figure_text
from bcos_core.render.lab import lab_figure
from bcos_core.render.matrix import agreement_figure

HOSTILE = "<a href='http://elsewhere.example'>x</a> &amp; %{x} $y^2$ \"q\""
# Plotly decodes &lt; &gt; &amp; and numeric entities, and no others.
SHOWN = "&lt;a href='http://elsewhere.example'&gt;x&lt;/a&gt; &amp;amp; %&#123;x} &#36;y^2&#36; \"q\""


def test_what_plotly_would_act_upon_is_escaped() -> None:
    assert figure_text(HOSTILE) == SHOWN


def test_names_in_figures() -> None:
    reliability = Reliability(ece=0.1, brier=0.2, nll=0.3, bins=())
    choice = ChoiceAudit(((3, 1), (0, 4)), reliability, 1.0, reliability)
    row = LabRow("a", "bcos", "top_3", 0.5, 0.4, 0.6, n=3, failed=0)
    figures = (
        confusion_figure("name", choice, (HOSTILE, "b")),
        reliability_figure(HOSTILE, choice),
        agreement_figure("Title", [HOSTILE, "b"], [[1.0, 0.5], [0.5, 1.0]]),
        lab_figure([row], "top_3", {"a": HOSTILE}),
    )
    for figure in figures:
        drawn = str(figure.to_dict())
        assert SHOWN in drawn.replace("\\'", "'") and "<a href" not in drawn
