"""A record from a file is one as it was exported, or is refused in words, before anything is computed from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bcos_core.attribution import rerun as rerun_module
from bcos_core.attribution.api import explain
from bcos_core.attribution.record import Attribution
from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.home import Home
from tests.render.records import RECORD

Damage = Callable[[dict[str, Any]], object]

SEEDED = replace(RECORD, method="shapley", seeds=(3, 4), seed_scores=(RECORD.scores, RECORD.scores))


def stored() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(SEEDED.to_json())
    return data


def setting(name: str, value: object) -> Damage:
    return lambda data: data.update({name: value})


DAMAGES: dict[str, Damage] = {
    **{
        f"no {name}": lambda data, name=name: data.pop(name) for name in stored() if name in SEEDED.__dataclass_fields__
    },
    "text is a number": setting("text", 3),
    "tokens is an object": setting("tokens", {}),
    "a token is text": setting("tokens", ["a"] * 6),
    "a token beyond the text": lambda data: data["tokens"][1].update(end=99),
    "a token before the text": lambda data: data["tokens"][1].update(start=-5),
    "half a span": lambda data: data["tokens"][1].update(end=None),
    "scores of text": setting("scores", ["a"] * 6),
    "too few scores": setting("scores", [1.0]),
    "a score beyond all numbers": setting("scores", [10**400] * 6),
    "a logit beyond all numbers": setting("logit", -(10**400)),
    "a cost beyond all numbers": lambda data: data["cost"].update(seconds=10**400),
    "a score that is true": setting("scores", [True] * 6),
    "no logits": setting("logits", []),
    "more labels than logits": setting("labels", ["a", "b", "c"]),
    "labels of numbers": setting("labels", [1, 2]),
    "target is text": setting("target", "positive"),
    "target is no class": lambda data: data["target"].update(index=2),
    "target is negative": lambda data: data["target"].update(index=-1),
    "target is true": lambda data: data["target"].update(index=True),
    "minus is no class": lambda data: data["target"].update(minus=7, minus_label="x"),
    "method is a list": setting("method", ["bcos"]),
    "parameters is a list": setting("parameters", []),
    "parameters is nested": setting("parameters", {"samples": {"a": 1}}),
    "additive is text": setting("additive", "yes"),
    "cost is null": setting("cost", None),
    "cost is cut": setting("cost", {"forward": 1}),
    "versions is text": setting("versions", "2.13"),
    "versions of numbers": setting("versions", {"torch": 2}),
    "seeds apart": setting("seeds", [3, 9]),
    "one seed, two rows": setting("seeds", [3]),
    "seeds of text": setting("seeds", ["3", "4"]),
    "a million seeds": setting("seeds", list(range(1_000_000))),
    "a row too short": setting("seed_scores", [[1.0], [1.0]]),
    "another version": setting("version", 99),
    "version is true": setting("version", True),
    "cut where text ends": setting("truncated_at", -1),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_record_is_refused_in_words(name: str) -> None:
    data = stored()
    DAMAGES[name](data)
    if name == "no version":
        with pytest.raises(InputError, match="version None"):
            Attribution.from_dict(data)
        return
    with pytest.raises(InputError, match=r"\.$"):
        Attribution.from_dict(data)


def test_a_whole_one_comes_back() -> None:
    assert Attribution.from_dict(stored()) == SEEDED


# What the rest of the record says, the method must know too: `explain` is never asked.
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (setting("method", "tea-leaves"), "Unknown method"),
        (setting("parameters", {"classifier": "x"}), "Unknown option of shapley 'classifier'"),
        (setting("parameters", {"target": 1}), "Unknown option of shapley 'target'"),
        (setting("parameters", {"repeats": 9}), "Unknown option of shapley 'repeats'"),
        (setting("parameters", {"samples": 10**12}), "samples"),
        (setting("parameters", {"samples": "many"}), "samples"),
        (setting("parameters", {"samples": None}), "samples"),
        (setting("seeds", list(range(1_000_000))), "seeds"),
    ],
)
def test_rerun_refuses_before_any_work(
    damage: Damage,
    said: str,
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = stored()
    damage(data)
    file = tmp_path / "record.json"
    file.write_text(json.dumps(data))
    monkeypatch.setattr("bcos_core.cli.checkpoints.find_checkpoint", Path)
    monkeypatch.setattr("bcos_core.model.load.load", lambda path: None)
    monkeypatch.setattr(rerun_module, "explain", lambda *args, **options: pytest.fail("asked"))
    if "option" in said or said in ("samples", "Unknown method"):
        with pytest.raises(InputError, match=said):
            rerun_module.rerun(Attribution.from_dict(data), None)  # type: ignore[arg-type]
    assert main(["rerun", str(file), "--checkpoint", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[" * 100_000,
        '{"version": 3, "text": NaN}',
        '[{"version": 3, "scores": [1e999]}]',
        "[[]]",
        "\x00",
        '{"records": {}}',
    ],
    ids=range(7),
)
def test_what_holds_no_record(content: str, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "record.json"
    file.write_text(content)
    assert main(["rerun", str(file)]) == 2
    said = capsys.readouterr().err
    assert ("Something went wrong" not in said and "record.json" in said) or "record" in said


def test_repeats_are_bounded_before_any_work() -> None:
    model = SimpleNamespace(
        is_bcos=True, family="BERT", name="a model", labels=("a", "b")
    )  # it has nothing to compute with
    with pytest.raises(InputError, match=r"repeats.*1000000"):
        explain(model, "A text.", method="shapley", repeats=1_000_000)  # type: ignore[call-overload]
