"""Banzhaf values, from random halves of a text."""

from __future__ import annotations

import torch
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.perturbation import TextsToScore, piece_count
from bcos_core.attribution.seeds import put_together, seed_of


def banzhaf(inputs: MethodInput) -> MethodOutput:
    """What a piece changes by being there, the mean over coalitions S of other pieces: f(S ∪ i) − f(S) (Banzhaf, 1965;
    of texts Chen and Jordan, arXiv 1902.04187; of all semivalues the one that noise disturbs least: Wang and Jia, arXiv
    2205.15466 §4).

    All coalitions count alike, so that nearly all of them have about half of the pieces. Drawn are `samples` halves of
    the text, each with its complement, and every piece is taken out of the one and put into the other: each call of the
    model tells of one piece, and none of them is far from a half.
    """
    samples = int(inputs.parameters["samples"])
    outputs = []
    for alone in inputs.each_text():
        score = TextsToScore(alone)
        outputs.append(score.output(changes_in_halves(score, samples)))
    return put_together(inputs, outputs)


def changes_in_halves(score: TextsToScore, samples: int) -> Tensor:
    """These values of one text's pieces, (1, tokens), each at all of its tokens."""
    batch = score.inputs.batch
    generator = torch.Generator().manual_seed(seed_of(score.inputs.seed, batch.texts[0].ids))
    pieces, count = score.pieces[0], piece_count(score.pieces)

    def value(there: Tensor) -> Tensor:
        """f of coalitions (rows, pieces), (rows,)."""
        removed = batch.ordinary & ~there[:, pieces]
        parts = torch.where(removed, score.removed, batch.input_ids).split(score.inputs.rows_per_pass)
        return torch.cat([score(part, *score.arguments_of(len(part))) for part in parts]).double()

    one = torch.eye(count, dtype=torch.bool, device=pieces.device)
    changes = torch.zeros(count, dtype=torch.float64, device=pieces.device)
    for _ in range(samples):
        half = one[torch.randperm(count, generator=generator)[: count // 2]].any(0)
        for there in (half, ~half):
            found = value(torch.cat([there[None], there ^ one]))
            falls = found[0] - found[1:]
            changes += torch.where(there, falls, -falls)
    return (changes / (2 * samples))[pieces][None]
