"""Logits of a model on many texts, remembered: what was predicted once is read, not computed."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.model.classifier import Classifier, predict
from bcos_core.model.identity import model_subject
from bcos_core.model.kept_logits import Logits, Memory, keep_logits, known_logits
from bcos_core.progress import SilentReporter, Tally
from bcos_core.text.encoding import fit_within

CHUNK = 256  # texts between two writes: what a killed job loses


def known_at_full_length(
    classifier: Classifier, texts: Sequence[str], store: Memory, *, trained_length: int
) -> list[Logits | None]:
    """The logits of each text at the classifier's own limit, None where they are not known.

    What was predicted with the limit of training holds for the texts that this one leaves whole.
    """
    subject = model_subject(classifier.identity, classifier.max_length)
    found = known_logits(subject, texts, store)
    if trained_length >= classifier.max_length:
        return found
    missing = [place for place, logits in enumerate(found) if logits is None]
    shorter = known_logits(
        model_subject(classifier.identity, trained_length), [texts[place] for place in missing], store
    )
    known = [(place, logits) for place, logits in zip(missing, shorter, strict=True) if logits is not None]
    whole = fit_within(classifier.tokenizer, [texts[place] for place, _ in known], trained_length)
    same = {place: logits for (place, logits), fits in zip(known, whole, strict=True) if fits}
    keep_logits(subject, {texts[place]: logits for place, logits in same.items()}, store)
    return [same.get(place, logits) for place, logits in enumerate(found)]


def logits_on(classifier: Classifier, texts: Sequence[str], store: Memory, tally: Tally | None = None) -> list[Logits]:
    """The logits of each text, computed and remembered where they are not known. `tally` is told of every text.

    Raises:
        TextError: an empty text.
    """
    subject = model_subject(classifier.identity, classifier.max_length)
    found = known_logits(subject, texts, store)
    missing = list(dict.fromkeys(text for text, logits in zip(texts, found, strict=True) if logits is None))
    tally = tally or Tally(SilentReporter(), len(texts))
    tally.add(0, given=len(texts) - len(missing))
    computed: dict[str, Logits] = {}
    for start in range(0, len(missing), CHUNK):
        chunk = missing[start : start + CHUNK]
        some = {t: p.logits for t, p in zip(chunk, predict(classifier, chunk, batch_size=64), strict=True)}
        keep_logits(subject, some, store)
        computed |= some
        tally.add(len(chunk))
    return [logits if logits is not None else computed[text] for text, logits in zip(texts, found, strict=True)]
