"""What happens in each stage of a job, in two lines for a person who waits."""

from __future__ import annotations

_EXPLANATIONS = {
    "Reading the data": "The texts are read, duplicates are dropped, and the rest is divided into training, "
    "validation and test texts. No text is on two sides.",
    "Fitting the converted layers": "Layer by layer, the converted model is refitted to answer as the pretrained one "
    "did, so that it starts with everything that one knows.",
    "Fine-tuning the B-cos model": "The model learns the task from the training texts. Its layers answer the more "
    "to an input the better it matches their weights, which is what B-cos means.",
    "Scoring the B-cos model": "Every test text is classified once; none was seen in training. The share of right "
    "answers is the test accuracy.",
    "Fine-tuning the conventional model": "The twin learns the same task from the same texts, unconverted. It is what "
    "post-hoc explanations are usually made for.",
    "Scoring the conventional model": "The twin classifies the same test texts, so that the two accuracies compare.",
}


def explain_stage(title: str) -> str:
    """Two lines on what a stage does, "" for one that is not known here."""
    return _EXPLANATIONS.get(title, "")
