"""Anchors of scales: the words that stand at their points.

Agreement with a statement, on five points of one scale (Likert, "A technique for the measurement of attitudes",
Archives of Psychology 140, 1932), worded and numbered as in the System Causability Scale for explanations (Holzinger,
Carrington & Müller, KI – Künstliche Intelligenz 34, 2020), whose middle is "neutral".
"""

from __future__ import annotations

AGREEMENT = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
