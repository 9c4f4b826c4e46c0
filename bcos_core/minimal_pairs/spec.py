"""What is asked of language models by minimal pairs. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bcos_core.attribution.references import NOTHING, REFERENCE_TOKENS
from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.errors import DataError, InputError
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.paradigms import PARADIGMS
from bcos_core.model.identity import source_identity
from bcos_core.option import choice, misfits
from bcos_core.storage.content import file_hash
from bcos_core.text.units import UNITS

USUAL_METHODS = ("bcos", "pullback", "input_x_gradient", "saliency", "occlusion")
"""What is measured unless one says otherwise: ours, and what arXiv 2502.12992 compares with; random is always there."""
USUAL = "usual"
"""The removal that suits the models, whichever that is."""


@dataclass(frozen=True)
class PairsSpec:
    """Language models (`checkpoints`, folders or embedded names) are asked about `limit` pairs of every source, a
    built-in paradigm's name or a file, which `seed` draws; it is also the seed of stochastic methods. `unit` is what is
    ranked, struck and removed, by `removal`; "usual" is the first that the models' tokenizers have a token for.
    `reference` is what methods compare with that offer it. `options` are those of methods, by method.

    Raises:
        UnknownNameError: a method, measure or option that is not there.
        InputError: nothing to ask, something given twice, or a number out of range.
    """

    checkpoints: tuple[str, ...]
    sources: tuple[str, ...]
    methods: tuple[str, ...]
    limit: int = choice(100, "Pairs", "Minimal pairs of each file or paradigm.", least=1, most=10_000)
    measures: tuple[str, ...] = tuple(MEASURES)
    unit: str = choice(
        "token", "Ranked", "What is ranked and struck, of the text before the critical word.", choices=UNITS
    )
    removal: str = choice(
        USUAL,
        "Removed",
        f"How tokens are struck and removed; {USUAL} is the first that the models' tokenizers have a token for.",
        choices=(USUAL, *REMOVALS),
    )
    reference: str = choice(
        NOTHING,
        "Compared with",
        "What tokens are compared with, by the methods that offer it.",
        choices=(NOTHING, *REFERENCE_TOKENS),
    )
    seed: int = choice(0, "Seed", "Seed of the pairs, and of stochastic methods.", least=0, most=2**31)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what, given in (
            ("language model", self.checkpoints),
            ("file or paradigm of minimal pairs", self.sources),
            ("method", self.methods),
            ("score", self.measures),
        ):
            if not given:
                raise InputError(f"No {what} was given; expected one at least.")
            if len(set(given)) < len(given):
                raise InputError(f"A {what} was given twice: {', '.join(given)}.")
        names = [source_name(source) for source in self.sources]
        if len(set(names)) < len(names):
            raise InputError(f"Two files of minimal pairs have the same name ({', '.join(names)}). Rename one of them.")
        for method in self.methods:
            METHODS[method].checked_options(self.options.get(method, {}))
        for method in self.options:
            METHODS[method]
        for name in self.measures:
            MEASURES[name]
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @property
    def contenders(self) -> tuple[str, ...]:
        """The methods, and chance, whose answer says which word the model prefers."""
        return (CHANCE, *(method for method in self.methods if method != CHANCE))

    @property
    def key(self) -> str:
        """The same for two requests of the same work on the same content of files.

        Raises:
            DataError: a file of pairs cannot be read.
        """
        content = [*map(source_identity, self.checkpoints), *map(_content, self.sources)]
        return "minimal-pairs:" + json.dumps({**asdict(self), "content": content}, sort_keys=True)


def source_name(source: str) -> str:
    """What a source is called in tables: a paradigm by its name, a file by that of the file."""
    return source if source in PARADIGMS else Path(source).name


def find_source(given: str) -> str:
    """What a person names: a paradigm, or a file, as its whole path.

    Raises:
        DataError: neither of them.
    """
    if given in PARADIGMS:
        return given
    path = Path(given).expanduser()
    if not path.is_file():
        raise DataError(
            f"{given!r} is no file of minimal pairs and no built-in paradigm. The paradigms: {', '.join(PARADIGMS)}."
        )
    return str(path.resolve())


def _content(source: str) -> str:
    if source in PARADIGMS:
        return ""
    try:
        return file_hash(Path(source))
    except OSError as error:
        raise DataError(f"The file {source!r} cannot be read ({error.strerror}). Check the path.") from error
