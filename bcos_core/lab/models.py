"""Which models were made by a planted-truth experiment."""

from __future__ import annotations

from pathlib import Path

from bcos_core.model.info import CheckpointInfo

PLANTED = "planted-"
"""How the file of an experiment's training data begins; it lies in a folder that is called like its job."""


def is_planted(info: CheckpointInfo) -> bool:
    """Whether it was trained on planted data: such a model is part of a measurement, and seldom looked at by itself."""
    file = Path((info.task or {}).get("name") or "")
    return bool(info.job) and file.parent.name == info.job and file.name.startswith(PLANTED)
