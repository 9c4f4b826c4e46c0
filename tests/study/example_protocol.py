"""Clarity: one question about each heatmap, on five points. A whole protocol, as a file of `study/protocols` has it."""

from __future__ import annotations

from bcos_core.later import Later
from bcos_core.study.anchors import AGREEMENT
from bcos_core.study.finding import POINTS
from bcos_core.study.protocol import READ_COLOURS, Protocol, lower_part
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ScaleTaste

PROTOCOL = Protocol(
    # What raters see.
    name="clarity",
    title="Clarity",
    description="How clear each heatmap is, on one scale of five points.",
    instructions=READ_COLOURS + "Say for each text whether the colours are clear to you.",
    questions=(Question("clear", "The colours are clear to me.", "scale", AGREEMENT),),
    # Who does not look praises a heatmap of random scores; at most the middle of the scale passes.
    random_check=lower_part,
    # What is made of the answers. The statistics are imported when there are answers.
    analyse=Later("bcos_core.study.analysis", "scales"),
    procedure="said how clear each explanation was to them",
    finding=POINTS,
    # Before there are any: standard deviations for the power hint, and how simulated raters answer.
    variation=Variation("points on a 1–5 scale", answer=0.9, rater=0.25, item=0.25),
    taste=ScaleTaste,
)
