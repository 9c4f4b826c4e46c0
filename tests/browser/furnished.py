"""A home in which every page has something to show: models, what was measured of them, an experiment, studies."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.sources import embedded_path
from bcos_core.storage.upgrade import open_database
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.studies import Studies
from tests.tiny_language_model import save_language_model

WRITTEN = {
    "model": "tiny-speaker",
    "prompt": "The keys to the old cabinet are on the table. Then Mary and John went to the",
    "as": "chat",
    "most": "12",
    "written": "1",
    "at": "6",
    "word": "cabinet",
    "strike": "4-8",
}
"""A text of a language model, with one of its tokens explained."""
TINY = ("--max-length", "32", "--examples", "200", "--epochs", "1", "--calibration-texts", "64")


@dataclass(frozen=True)
class View:
    """A screen worth looking at: its name in a file's name, and its address below the dashboard's."""

    name: str
    address: str


def furnish(home: Home, *, tiny: bool) -> list[View]:
    """Train and measure by the commands themselves, with the embedded model or, for minutes less, a tiny one.

    `BCOS_HOME` names `home`. What it made before is not made again.
    """
    made = home.root / "furnished.json"
    if not made.exists():
        made.write_text(json.dumps(_make(home, tiny)))
    models, study, rehearsal, invite = json.loads(made.read_text())
    return [
        View("home", ""),
        View("train", "train"),
        View("jobs", "jobs"),
        View("models", f"models?model={models[0]}"),
        View("compare", "compare"),
        View("generate", f"generate?{urlencode(WRITTEN)}"),
        View("batch", "batch"),
        View("evaluate", "evaluate"),
        View("pairs", "evaluate?view=pairs"),
        View("lab", "lab"),
        View("ablation", "ablation"),
        View("reproduce", "reproduce"),
        View("studies", f"studies?study={study}"),
        View("results", f"studies?study={rehearsal}"),
        View("people", "people"),
        View("system", "system"),
        View("rate", f"rate?invite={invite}"),
    ]


def _make(home: Home, tiny: bool) -> tuple[list[str], str, str, str]:
    source = ("--model", str(_tiny_bert(home.root / "tiny-bert")), *TINY) if tiny else ()
    # So few texts need a higher rate, or nothing is learned that could be found.
    learning = ("--learning-rate", "2e-4", "--consistency", "0") if tiny else ("--examples", "2000")
    _run("lab", *source, "--limit", "20", *learning)
    small = ("--seeds", "2", "--limit", "8", "--bounded-texts", "4", "--bounded-length", "10", "--pairs", "4")
    _run("ablate", *source, "--vary", "b=1", *small, *(() if tiny else ("--examples", "500", "--epochs", "1")))
    train = ("train", "--task", "short-reviews", "--name", "Tiny", *source)
    save_language_model(home, WRITTEN["model"])
    save_language_model(home, f"{WRITTEN['model']}-2", seed=1)
    trained = _run(*(train if tiny else ("quickstart",)))
    models = [Path(trained[name]["checkpoint"]).name for name in ("bcos", "conventional")]
    limit = "8" if tiny else "40"
    _run("audit", models[0])
    _run("words", models[0], "--limit", limit)
    methods = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient", "attention_rollout")
    # A tiny model is not sure enough of anything for the pointing game.
    scores = ("comprehensiveness", "sufficiency", "comp_minus_suff" if tiny else "seqpg")
    _run("evaluate", *models, "--limit", limit, "--pointing-pairs", "60", "--methods", *methods, "--scores", *scores)
    _run(
        "evaluate",
        WRITTEN["model"],
        f"{WRITTEN['model']}-2",
        "--pairs",
        "agreement",
        "determiner-noun",
        "--limit",
        "12",
    )
    _run("reproduce", "ours", "--quick", "--only", "exactness")
    rehearsed = _run("study", "simulate", _run("study", "demo")["study"])["study"]
    study = _run("study", "demo")["study"]
    database = open_database(home)
    Studies(database).open(study)
    _, invite = Invitations(database).create(study, InviteKind.OPEN)
    return models, study, rehearsed, invite


def _run(*words: str) -> dict[str, Any]:
    """A command's result."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = main([*words, "--json"])
    assert code == 0, said.getvalue()
    print(" ".join(words[:2]), file=sys.stderr)  # noqa: T201
    result: dict[str, Any] = json.loads(said.getvalue().strip().splitlines()[-1])
    return result


def _tiny_bert(folder: Path) -> Path:
    """A random BERT of two narrow layers, whose weights are large enough that words matter."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
