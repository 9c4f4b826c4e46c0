"""What a person calls a checkpoint."""

from __future__ import annotations

from bcos_core.model.info import CheckpointInfo


def short_name(info: CheckpointInfo) -> str:
    """What a job called its model, without the job's id: "quickstart · B-cos 1.5"."""
    if info.job is None:
        return info.name
    given = info.name.replace(f"-{info.job}", "").removesuffix("-conventional")
    return f"{given} · {'conventional' if info.b is None else f'B-cos {info.b:g}'}"
