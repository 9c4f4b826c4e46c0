"""Models are called what a person would call them, and never two of them the same."""

from __future__ import annotations

import json
from typing import Any

from bcos_core.home import Home
from pages.widgets.resources import checkpoints


def checkpoint(home: Home, folder: str, *, b: float | None, **details: Any) -> None:
    """A checkpoint without weights, as far as a list needs it."""
    path = home.models / folder
    path.mkdir()
    config: dict[str, Any] = {"model_type": "bert", "id2label": {"0": "no", "1": "yes"}}
    if b is not None:
        config["bcos"] = {"b": b}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "checkpoint.json").write_text(json.dumps({"name": folder, **details}), encoding="utf-8")


def test_a_job_s_id_is_left_out_and_the_kind_is_said(home: Home) -> None:
    checkpoint(home, "quickstart-20261124-061754-327a", b=1.5, job="20261124-061754-327a")
    checkpoint(home, "quickstart-20261124-061754-327a-conventional", b=None, job="20261124-061754-327a")
    assert {info.name for info in checkpoints().values()} == {"quickstart · B-cos 1.5", "quickstart · conventional"}


def test_the_id_tells_two_of_one_name_apart(home: Home) -> None:
    for job in ("20261124-061754-327a", "20261125-061754-99aa"):
        checkpoint(home, f"quickstart-{job}", b=1.5, job=job)
    assert {info.name for info in checkpoints().values()} == {
        "quickstart · B-cos 1.5 · 20261124-061754-327a",
        "quickstart · B-cos 1.5 · 20261125-061754-99aa",
    }


def test_a_folder_that_no_job_made_keeps_its_name(home: Home) -> None:
    checkpoint(home, "my-model", b=None)
    assert [info.name for info in checkpoints().values()] == ["my-model"]
