"""A server for raters holds no PyTorch, whatever people are asked, but where a study asks a model."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bcos_core.home import CHECKOUT, Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from tests.study.world import make_world

HEAVY = {"torch", "transformers", "captum", "scipy", "sklearn"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_item_is_served_without_what_computes_it(home: Home, protocol: str) -> None:
    plain = PROTOCOLS[protocol].live or protocol == "simulation"
    world = make_world(
        home,
        protocol=protocol,
        practice=0,
        instructed=0,
        conditions=lambda bcos, twin: (
            Condition(bcos, "bcos"),
            Condition(bcos) if plain else Condition(twin, "input_x_gradient"),
            Condition(bcos, "saliency"),
        )[: PROTOCOLS[protocol].least_conditions],
    )
    raters = Raters(open_database(home))
    joined = raters.join(world.token)
    raters.consent(joined.rater.id)
    done = subprocess.run(
        [sys.executable, "-m", "tests.imports.raters_visit", joined.resume_token],
        cwd=CHECKOUT,
        env={**os.environ, "BCOS_RATERS_ONLY": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    said, progress, faults, packages = json.loads(done.stdout.splitlines()[-1])
    assert progress == ["1 of 2"] and not faults, said
    assert bool(HEAVY & set(packages)) == PROTOCOLS[protocol].live
