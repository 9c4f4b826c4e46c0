"""Anchors of scales: the words that stand at their points.

Agreement with a statement, on five points of one scale (Likert, "A technique for the measurement of attitudes",
Archives of Psychology 22(140), 1932). Scales of explanations ask so too: the System Causability Scale (Holzinger,
Carrington & Müller, KI – Künstliche Intelligenz 34(2), 193–198, 2020), and the Explanation Satisfaction Scale (Hoffman,
Mueller, Klein & Litman, Frontiers in Computer Science 5, 1096257, 2023), whose middle is "neutral", too. The words are
those that are usual on such scales; they are not an instrument of their own.
"""

from __future__ import annotations

AGREEMENT = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
