"""Rows of an answer are what `explain` says of each token; log-odds are split exactly; sums of rows are sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bcos_core import convert, explain
from bcos_core.attribution.answer_rows import Row, answer_rows, part_of
from bcos_core.errors import InputError, NotFiniteError, UnknownNameError
from bcos_core.model.contributions import contributions
from bcos_core.model.generate import generate
from bcos_core.model.language_model import LanguageModel, wrap
from bcos_core.model.next_token import next_logits
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import encode_prompt, extended
from tests.tiny_language_model import language_model, network, tokenizer

PROMPT = "The keys to the old cabinet"
MODELS = {
    "llama": lambda: language_model(),
    "gpt2, with biases": lambda: language_model("gpt2"),
    "converted": lambda: wrap(convert(network(), b=1.1), tokenizer(), name="converted"),
}


def written(model: LanguageModel, count: int = 6) -> tuple[Encoded, int]:
    """A prompt with what the model wrote after it, and where that begins."""
    steps = list(generate(model, PROMPT, max_tokens=count, stop=()))
    return extended(model.tokenizer, steps[-1].prefix, [steps[-1].token]), len(steps[0].prefix)


def log_odds(logits: Any, token: int) -> float:
    """By its definition, from probabilities."""
    p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    return float(np.log(p[token] / (1 - p[token])))


@pytest.mark.parametrize("kind", MODELS)
def test_a_row_is_the_record_of_its_token(kind: str) -> None:
    model = MODELS[kind]()
    read, start = written(model)
    rows = list(answer_rows(model, read, start))
    assert [row.place for row in rows] == list(range(start, len(read)))
    for row in rows:
        before = Encoded(read.text, read.ids[: row.place], read.tokens[: row.place], None)
        record = explain(model, before, target=row.token)
        np.testing.assert_allclose(row.scores, record.scores, atol=1e-6)
        assert row.share == pytest.approx(record.bias_share, abs=1e-6)
        assert row.total == pytest.approx(record.logit, abs=1e-5)
        assert sum(row.scores) + row.share == pytest.approx(row.total, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_log_odds_are_split_exactly(kind: str) -> None:
    model = MODELS[kind]()
    read, start = written(model)
    for row in answer_rows(model, read, start, measure="log-odds"):
        before = Encoded(read.text, read.ids[: row.place], read.tokens[: row.place], None)
        logits = next_logits(model, [before])[0].double().numpy()
        assert row.total == pytest.approx(log_odds(logits, row.token), abs=1e-5)
        assert sum(row.scores) + row.share == pytest.approx(row.total, rel=1e-4, abs=1e-5)


def test_log_odds_are_the_mean_of_contrasts() -> None:
    """A token's contribution is Σ_k w_k of its contribution to y rather than k, over all k of the vocabulary."""
    model = language_model()
    read, start = written(model, 1)
    (row,) = answer_rows(model, read, start, measure="log-odds")
    before = encode_prompt(tokenizer(), PROMPT, 64)
    logits = next_logits(model, [before])[0].double().numpy()
    weights = np.exp(logits - logits.max())
    weights[row.token] = 0.0
    weights /= weights.sum()
    others = np.flatnonzero(weights)
    ids = torch.tensor([before.ids] * len(others))
    view = ModelView(model.model, explanation_mode=True)
    contrasts = contributions(
        view,
        ids,
        torch.ones_like(ids),
        lambda logits: logits[:, row.token] - logits[torch.arange(len(others)), torch.tensor(others)],
    )
    np.testing.assert_allclose(row.scores, weights[others] @ contrasts.scores.numpy(), atol=1e-5)


def test_a_part_is_the_sum_of_its_rows_by_hand() -> None:
    rows = [
        Row(2, 7, (1.0, 2.0), 0.5, 3.5, 3.5, 0.4, 7, 0.4),
        Row(3, 8, (10.0, 20.0, -4.0), -1.0, 25.0, 25.0, 0.9, 8, 0.9),
    ]
    part = part_of(rows)
    assert part.scores == (11.0, 22.0, -4.0)
    assert (part.share, part.total) == (-0.5, 28.5)
    assert sum(part.scores) + part.share == part.total
    with pytest.raises(InputError, match="at least one token"):
        part_of([])


def test_rows_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is there before the second is computed: a reader who leaves pays for no more."""
    asked: list[int] = []

    def counted(view: Any, ids: Any, *args: Any, **options: Any) -> Any:
        asked.append(ids.shape[1])
        return contributions(view, ids, *args, **options)

    monkeypatch.setattr("bcos_core.attribution.answer_rows.contributions", counted)
    model = language_model()
    read, start = written(model)
    rows = answer_rows(model, read, start)
    assert asked == []
    next(rows)
    assert asked == [start]
    next(rows)
    assert asked == [start, start + 1]


def test_what_is_no_answer_is_refused() -> None:
    model = language_model()
    read, start = written(model, 2)
    with pytest.raises(InputError, match="at least one before"):
        answer_rows(model, read, 0)
    with pytest.raises(InputError, match="at least one before"):
        answer_rows(model, read, len(read))
    with pytest.raises(UnknownNameError, match="log-odds"):
        answer_rows(model, read, start, measure="odds")  # type: ignore[arg-type]


def test_numbers_that_are_none_are_refused() -> None:
    broken = network()
    with torch.no_grad():
        broken.get_submodule("model.norm").weight.fill_(float("nan"))
    model = wrap(broken, tokenizer(), name="broken")
    read = extended(tokenizer(), encode_prompt(tokenizer(), PROMPT, 64), [9])
    with pytest.raises(NotFiniteError, match="broken"):
        list(answer_rows(model, read, len(read) - 1))
