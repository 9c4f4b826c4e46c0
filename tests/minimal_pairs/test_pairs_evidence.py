"""What is remembered of a language model's minimal pairs goes with the model, and with no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.minimal_pairs.subjects import pairs_subjects
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import list_language_models, read_language_info
from bcos_core.shelf.trash import put_away, remove_for_good
from bcos_core.shelf.uses import uses_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from tests.tiny_language_model import network, tokenizer

PAIRS = ["evaluate", "--pairs", "agreement", "--limit", "2"]


def saved(home: Home, name: str, *, seed: int) -> Path:
    folder = home.create().models / name
    network(seed=seed).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def test_answers_go_with_the_model_for_good(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    gone, stays = (saved(home, name, seed=seed) for seed, name in enumerate(("gone", "stays")))
    for folder in (gone, stays):
        assert main([*PAIRS[:1], folder.name, *PAIRS[1:], "--methods", "pullback", "occlusion", "saliency"]) == 0
    asked = ["--methods", "lime", "reagent", "--option", "lime.samples=3", "--option", "reagent.steps=2", "--seed", "7"]
    assert main([*PAIRS[:1], "gone", *PAIRS[1:], *asked]) == 0
    capsys.readouterr()
    store = JobStore(home, open_database(home))
    info = read_language_info(gone)
    found = uses_of([info], list_language_models(home), store)
    # Random, three methods; then random, and two of other options, with another seed: 2 pairs each, explained and
    # followed as they lose tokens; and what strikes do to them, whoever asks.
    assert found.evidence == 2 * 2 * (1 + 3) + 2 + 2 * 2 * (1 + 2) + 2
    evidence = EvidenceStore(store.database)
    others = pairs_subjects(read_language_info(stays))
    assert evidence.count(others) == 2 * 2 * (1 + 3) + 2
    assert remove_for_good(store, put_away(found, store).id) == found.evidence
    assert evidence.count(others) == 2 * 2 * (1 + 3) + 2
    assert not gone.exists()


def test_a_stored_request_that_cannot_be_read_hides_none(home: Home) -> None:
    info = read_language_info(saved(home, "one", seed=0))
    assert pairs_subjects(info, [{"nothing": 1}]) == pairs_subjects(info)
    assert model_subject(folder_identity(info.path), info.max_length) in pairs_subjects(info)
