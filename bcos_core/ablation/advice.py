"""What finished ablations say of single options of a recipe: for the place where such an option is chosen."""

from __future__ import annotations

from collections.abc import Iterator

from bcos_core.ablation.grid import VARIED, said
from bcos_core.ablation.measures import ANSWERS
from bcos_core.ablation.result import Ablation, load_ablation
from bcos_core.ablation.sentence import against_default, score_of
from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT, Home
from bcos_core.numbers import count

SHIPPED = CHECKOUT / "assets" / "ablations"
"""Ablations that were run for this project, a folder each."""


def known_ablations(home: Home) -> Iterator[Ablation]:
    """Those of a home that can be read, the newest first; then those that come with the program."""
    for root in (home.ablations, SHIPPED):
        folders = [path for path in root.glob("*") if path.is_dir() and not path.name.startswith(".")]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
            try:
                yield load_ablation(folder)
            except InputError:  # the Ablation page says what is wrong with it
                continue


def advice(home: Home) -> dict[str, str]:
    """Of every option that an ablation has varied alone, what the newest such one shows, in words."""
    found: dict[str, str] = {}
    for ablation in known_ablations(home):
        for option in VARIED:
            if option not in found and (words := option_in_words(ablation, option)):
                found[option] = words
    return found


def option_in_words(ablation: Ablation, option: str) -> str:
    """What an ablation shows of an option that it has varied, all others as in the default; "" where it has not."""
    rows = [row.name for row in ablation.recipes if tuple(row.changes) == (option,)]
    if not rows:
        return ""
    told = (ANSWERS, score.name if (score := score_of(ablation)) else "")
    measures = [one for one in ablation.measures if one.name in told]
    parts = [
        against_default(measure, [one for one in ablation.differences(measure) if one.row in rows], unseen=True)
        for measure in measures
    ]
    default = said(option, ablation.spec["recipe"][option])
    seeds = count(ablation.seeds, "seed")
    return f"Measured on {ablation.task}, {seeds}, against {default}. {' '.join(parts)}"
