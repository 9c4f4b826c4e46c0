"""What happens in each stage of a job, in two lines for a person who waits."""

from __future__ import annotations

_EXPLANATIONS = {
    "Reading the data": "The texts are read, duplicates are dropped, and the rest is divided into training, "
    "validation and test texts. No text is on two sides.",
    "Fitting the converted layers": "Layer by layer, the converted model is refitted to answer as the pretrained one "
    "did, so that it starts with everything that one knows.",
    "Fine-tuning the B-cos model": "The model learns the task from the training texts. Its layers answer the more "
    "to an input the better it matches their weights, which is what B-cos means.",
    "Scoring the B-cos model": "Every test text is answered once; none was seen in training. How near the answers come "
    "to the labels is what the figures of the model say.",
    "Fine-tuning the conventional model": "The twin learns the same task from the same texts, unconverted. It is what "
    "post-hoc explanations are usually made for.",
    "Scoring the conventional model": "The twin answers the same test texts, so that the figures of the two compare.",
    "Reading the texts": "The texts are read, duplicates are dropped, and the rest is divided into training, "
    "validation and test texts, which are cut into tokens. No text is on two sides.",
    "Measuring the original": "How surprised the pretrained model is by each next token of the test texts: its "
    "perplexity, which every other is compared with.",
    "Converting the layers": "The layers are made B-cos with the weights that they have; nothing is fitted.",
    "Training the B-cos model": "The model learns to foretell the next token of the training texts, or what the "
    "original says of it, while its layers answer the more to an input the better it matches their weights.",
    "Measuring the B-cos model": "Perplexity on the same test texts as the original's; none was seen in training.",
    "Training the conventional model": "The original is trained on, unconverted, by the tokens of the same texts.",
    "Measuring the conventional model": "Perplexity on the same test texts, so that it compares with the others.",
}


def explain_stage(title: str) -> str:
    """Two lines on what a stage does, "" for one that is not known here."""
    return _EXPLANATIONS.get(title, "")
