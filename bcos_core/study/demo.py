"""A study that can be made in one click from a trained pair of models."""

from __future__ import annotations

from pathlib import Path

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.model.info import list_checkpoints
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.selection import Source, strata_of
from bcos_core.tasks.registry import TASK_TYPES


def demo_design(home: Home) -> StudyDesign:
    """A rating study of the newest B-cos model: its own contributions against two post-hoc heatmaps of its.

    Raises:
        InputError: there is no B-cos model yet.
    """
    bcos = next((info for info in list_checkpoints(home) if info.kind == "bcos"), None)
    if bcos is None:
        raise InputError("There is no B-cos model yet. Let the quick start on Home finish, or train one.")
    path, kind = str(Path(bcos.path)), TASK_TYPES[bcos.task_type]
    strata = tuple(name for name in Source().strata if name in strata_of(kind))
    return StudyDesign(
        "Demo: which heatmaps do readers understand?",
        (Condition(path, "bcos"), Condition(path, "input_x_gradient"), Condition(path, "occlusion")),
        source=Source(count=12, strata=strata),
        items_per_rater=9,
        raters_per_item=6,
        task_type=kind.name,
    )
