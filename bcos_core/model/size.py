"""What a forward pass costs, from config.json alone: how long work will take is told before a model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.errors import BcosError, CheckpointError
from bcos_core.model.embedded import EMBEDDED_MODELS, LANGUAGE_MODEL, embedded_folder
from bcos_core.model.variants import require_own_files
from bcos_core.storage.stored_json import read_json

# What families call the same numbers.
_HIDDEN = ("hidden_size", "dim", "d_model", "n_embd")
_LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers")
_INNER = ("intermediate_size", "hidden_dim", "ffn_dim", "n_inner", "d_ff")


@dataclass(frozen=True)
class ModelSize:
    """The widths of a transformer's blocks, and how many of these there are."""

    hidden: int = 384
    layers: int = 6
    inner: int = 1536

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> ModelSize:
        """From what config.json says; what it lacks is as in the embedded model."""
        hidden = _number(config, _HIDDEN, cls.hidden)
        return cls(hidden, _number(config, _LAYERS, cls.layers), _number(config, _INNER, 4 * hidden))

    @property
    def weights(self) -> float:
        """Of its blocks: four projections of attention, two of the feed-forward network."""
        return float(self.layers * (4 * self.hidden * self.hidden + 2 * self.hidden * self.inner))

    def forward(self, tokens: float) -> float:
        """Floating-point operations of one text's forward pass: two a weight and token, and attention's own."""
        return 2.0 * self.weights * tokens + 4.0 * self.layers * self.hidden * tokens * tokens

    def gram(self, tokens: float) -> float:
        """Operations that calibration adds for a text: every linear's inputs with themselves and with its outputs."""
        hidden, inner = self.hidden, self.inner
        return 2.0 * tokens * self.layers * (inner * inner + 3 * hidden * hidden + 8 * hidden * hidden)


def model_size(source: str | Path) -> ModelSize:
    """Of a model folder or a source of training; MiniLM's where nothing is known without a download."""
    if str(source) == LANGUAGE_MODEL:  # whose folder may not be there yet
        return ModelSize(hidden=576, layers=30, inner=1536)
    try:
        folder = embedded_folder(str(source)) if str(source) in EMBEDDED_MODELS else Path(source)
        require_own_files(folder)
        config = folder / "config.json"
        return _read(str(config), config.stat().st_mtime_ns)
    except (OSError, BcosError):
        return ModelSize()


@lru_cache(maxsize=64)
def _read(path: str, changed: int) -> ModelSize:
    return ModelSize.of(read_json(Path(path), dict[str, Any], error=CheckpointError, advice=""))


def _number(config: Mapping[str, Any], names: tuple[str, ...], usual: int) -> int:
    found = (config.get(name) for name in names)
    return next((value for value in found if isinstance(value, int) and 0 < value < 1_000_000), usual)
