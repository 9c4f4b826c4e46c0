"""What a batch consists of, in parts that each take their time at one rate."""

from __future__ import annotations

from bcos_core.batch.spec import BatchSpec, read_texts
from bcos_core.evaluate.plan import LOADING_SECONDS, READING_SECONDS, explaining
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.text.words import count_words

TOKENS_OF_A_WORD = 1.3  # and two that the tokenizer adds to a text


def batch_plan(spec: BatchSpec) -> list[Part]:
    """
    Raises:
        DataError, InputError: the texts cannot be used.
    """
    model = spec.model
    texts = read_texts(spec.file, spec.text_column, spec.second_column, model).texts
    tokens = 2 + TOKENS_OF_A_WORD * sum(map(count_words, texts)) / len(texts)
    stages = enumerate(spec.methods, start=1)
    return [
        Part(0, "", "read", START_SECONDS + READING_SECONDS + LOADING_SECONDS),
        *(explaining(stage, model, method, texts=len(texts), tokens=tokens, name="") for stage, method in stages),
    ]
