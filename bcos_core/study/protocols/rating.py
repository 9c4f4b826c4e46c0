"""Rating: how understandable each explanation is, and whether the reader agrees with it, on anchored scales."""

from __future__ import annotations

from bcos_core.later import Later
from bcos_core.study.protocol import READ_COLOURS, Protocol, lower_part
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ScaleTaste

PROTOCOL = Protocol(
    name="rating",
    title="Rating",
    description="How understandable an explanation is, and whether the reader agrees with it, on anchored scales.",
    instructions=READ_COLOURS + "Read the text and look at the colours, then answer both questions. There are no right "
    "or wrong answers: we want to know how the explanations look to you.",
    questions=(
        Question(
            "interpretability",
            "How easy is it to see from the highlighted words why the model gave this answer?",
            "scale",
            ("Not at all", "Hard", "In part", "Easy", "At once"),
        ),
        Question(
            "agreement",
            "Do the highlighted words explain this answer, as you would explain it?",
            "scale",
            ("Not at all", "Hardly", "In part", "Mostly", "Fully"),
        ),
    ),
    reworded=True,
    random_check=lower_part,
    procedure="rated explanations on anchored scales",
    analyse=Later("bcos_core.study.analysis", "scales"),
    variation=Variation("points on a 1–5 scale", 0.9, 0.25, 0.25),
    taste=ScaleTaste,
)
