"""Rating: how understandable each explanation is, and whether the reader agrees with it, on anchored scales.

Both are statements that a rater agrees with or not: the first one is the first item of the Explanation Satisfaction
Scale ("From the explanation, I understand how the … works"; Hoffman, Mueller, Klein & Litman, Frontiers in Computer
Science 5, 2023) about one answer, the second is plausibility, that is, agreement with the reader's own reasons.
"""

from __future__ import annotations

from bcos_core.later import Later
from bcos_core.study.anchors import AGREEMENT
from bcos_core.study.finding import POINTS
from bcos_core.study.protocol import READ_COLOURS, Protocol, lower_part
from bcos_core.study.question import Question
from bcos_core.study.statistics.variation import Variation
from bcos_core.study.taste import ScaleTaste

PROTOCOL = Protocol(
    name="rating",
    title="Rating",
    description="How understandable an explanation is, and whether the reader agrees with it, on anchored scales.",
    instructions=READ_COLOURS
    + "Read the text and look at the colours, then say how far you agree with both statements. "
    "There are no right or wrong answers: we want to know how the explanations look to you.",
    questions=(
        Question(
            "interpretability",
            "From the highlighted words, I understand why the model gave this answer.",
            "scale",
            AGREEMENT,
        ),
        Question(
            "agreement", "The highlighted words are the reasons that I would give for this answer.", "scale", AGREEMENT
        ),
    ),
    reworded=True,
    random_check=lower_part,
    procedure="rated explanations on anchored scales",
    analyse=Later("bcos_core.study.analysis", "scales"),
    finding=POINTS,
    variation=Variation("points on a 1–5 scale", 0.9, 0.25, 0.25),
    taste=ScaleTaste,
)
