"""How many tokens go through a model together, whoever asks."""

from __future__ import annotations

import torch

# A CPU is quickest with what its caches hold: on two cores 256 to 1,024 tokens take the same time each, 2,048 an eighth
# more, 24,000 more than twice as much. A GPU wants more, and has its own memory.
TOKENS = {"cpu": 1_024}
TOKENS_ELSEWHERE = 65_536
# Contributions keep every dynamic factor, about nine times what a forward pass needs: a quarter takes the same time.
KEPT = 4


def tokens_per_pass(device: torch.device, *, keeps_factors: bool = False) -> int:
    """Of a pass on a device; `keeps_factors`: every dynamic factor is kept for a backward pass."""
    tokens = TOKENS.get(device.type, TOKENS_ELSEWHERE)
    return max(1, tokens // KEPT) if keeps_factors else tokens
