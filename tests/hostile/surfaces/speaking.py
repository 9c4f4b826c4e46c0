"""What Generate is asked: prompts, messages, foils, struck words, temperatures and seeds, to a tiny language model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from bcos_core.attribution.api import explain
from bcos_core.attribution.prompt_shares import prompt_shares
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.rerun import rerun
from bcos_core.attribution.strike import strike
from bcos_core.model.generate import Written, generate
from bcos_core.render import drawing
from bcos_core.render.drawing import Style
from bcos_core.render.palette import PALETTES
from bcos_core.text.encoding import Encoded
from pages.generate import alternatives
from pages.generate.taking import scale_of
from pages.widgets import struck, url
from tests.hostile import values
from tests.hostile.surface import Ground, Surface
from tests.hostile.surfaces.addresses import Parameters
from tests.tiny_language_model import language_model

METHODS = (None, "occlusion", "input_x_gradient")
WRITTEN = 2
LONG = (
    *(
        "word " * 5_000,
        "a" * 50_000,
        "\u0301" * 3_000,
        "😀" * 2_000,
        "<s>" * 500,
        "</s><pad>",
        "<|start|>user\nhi<|end|>",
    ),
    *("The keys to the old cabinet", "\ufffd", "\xa0\u3000", "{% raw %}{{ messages }}", "<|end|>\n<|start|>system\n"),
)


@dataclass(frozen=True)
class Asked:
    """`prompt` is a text or messages (plain data); `foil` and `word` are what the address has of them, `strikes` of the
    words; `given` is a foil as the library is given it."""

    prompt: Any
    foil: str = ""
    word: str = ""
    strikes: str = ""
    given: Any = None
    method: str | None = None
    temperature: Any = 0.0
    seed: Any = 0
    most: Any = WRITTEN
    record: tuple[values.Change, ...] = ()


def make(ground: Ground) -> tuple[st.SearchStrategy[Asked], Callable[[Asked], object]]:
    model = language_model()
    session: dict[str, Any] = {}
    parameters = Parameters()
    url.st = SimpleNamespace(query_params=parameters, session_state=session)  # type: ignore[assignment]
    alternatives.st = SimpleNamespace(warning=lambda words: None)  # type: ignore[assignment]
    texts = st.one_of(values.texts, st.sampled_from(LONG))
    messages = [{"role": "user", "content": "Where are the keys?"}, {"role": "assistant", "content": "There"}]
    prompts = st.one_of(
        texts,
        st.just("The keys to the old cabinet"),
        values.changes.map(lambda what: values.plain(values.changed(messages, what))),
        texts.map(lambda text: [{"role": "user", "content": text}]),
    )
    spans = st.one_of(values.texts, st.sampled_from(("0-3", "4-8,9-11", "0-99999999", "1-2,1-2,0-1", "5-4", "-1-3")))
    numbers: st.SearchStrategy[Any] = st.one_of(
        st.sampled_from(values.NUMBERS), st.floats(), st.sampled_from((None, "1", True, [], 0.5, 5.0, -1))
    )
    others: dict[str, st.SearchStrategy[Any]] = {
        "prompt": prompts,
        "foil": st.one_of(texts, st.integers(-5, 500).map(str), st.sampled_from(("9" * 40, "99999999"))),
        "word": texts,
        "strikes": spans,
        "given": st.one_of(numbers, texts, st.integers(-5, 500)),
        "method": st.sampled_from(METHODS),
        "temperature": numbers,
        "seed": numbers,
        "most": numbers,
        "record": values.changes.map(tuple),
    }
    likely = (*others, *("prompt",) * 3, "foil", "word", "strikes", "given", "record")

    @st.composite
    def cases(draw: st.DrawFn) -> Asked:
        """What a person asks, with some of it as nobody would."""
        changed = draw(st.lists(st.sampled_from(likely), min_size=1, max_size=3, unique=True))
        given: dict[str, Any] = {name: draw(others[name]) for name in sorted(changed)}
        return replace(Asked("The keys to the old cabinet", temperature=draw(st.sampled_from((0.0, 1.0)))), **given)

    def send(case: Asked) -> object:
        if isinstance(case.prompt, str | list):
            prompt: Any = case.prompt
        else:  # an address or a command has no other
            prompt = [case.prompt]
        steps = list(
            islice(generate(model, prompt, max_tokens=case.most, temperature=case.temperature, seed=case.seed), WRITTEN)
        )
        step = steps[-1]
        return [one.text for one in steps], [_said(_explained(case, step, foil), case) for foil in _foils(case, step)]

    def _foils(case: Asked, step: Written) -> list[Any]:
        parameters.clear()
        for name, value in (("foil", case.foil), ("word", case.word), ("strike", case.strikes)):
            if value:
                dict.__setitem__(parameters, name, [value])
        return [alternatives.foil_of(step), case.given][: 1 if case.given is None else 2]

    def _explained(case: Asked, step: Written, foil: Any) -> Attribution:
        read: Encoded = step.prefix
        return explain(model, read, target=step.token, minus=foil, method=case.method)

    def _said(record: Attribution, case: Asked) -> object:
        style = Style(next(iter(PALETTES.values())), "token")
        drawn = drawing.drawn_runs(record, style, scale_of(record, style))
        said: list[object] = [
            drawn,
            drawing.completeness_meter(record),
            prompt_shares(record, special=(), prompt_tokens=1),
        ]
        spans = struck.struck_spans(len(record.text))
        if spans:
            said.append(drawing.strike_comparison(record, strike(model, record, spans)))
        tree = values.plain(values.changed(json.loads(record.to_json()), list(case.record)))
        if case.record and isinstance(tree, dict):
            said.append(rerun(Attribution.from_dict(tree), model))
        return said

    for method in METHODS:
        send(Asked("The keys to the", strikes="0-3", method=method))  # loads what is loaded by and by
    return cases(), send


SURFACE = Surface("speaking", "prompts, foils and struck words of Generate", make)
