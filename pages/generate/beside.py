"""What stands beside the model's own sum: another model, and other methods."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.attribution.own import own_method
from bcos_core.attribution.registry import METHODS
from bcos_core.model.language_model import LanguageModel
from pages.widgets import url
from pages.widgets.language_models import unsupported
from pages.widgets.method_checklist import method_checklist
from pages.widgets.missing import missing_in_link

_NONE = ""


def choose_beside(known: dict[str, str], model: str) -> tuple[str, ...]:
    """Another model by name, which is asked about the same tokens; none before anybody chooses one."""
    others = [name for name in known if name != model]
    if not others:
        return ()
    missing_in_link("beside", known)
    chosen = st.selectbox(
        "Beside it",
        [_NONE, *others],
        format_func=lambda name: known[name] if name else "No other model",
        help="It is asked about what the first one has written: the same tokens, the same question.",
        **url.bound("beside", _NONE, parse=url.one_of([_NONE, *others])),
    )
    return (str(chosen),) if chosen else ()


def choose_methods(models: tuple[LanguageModel, ...]) -> tuple[tuple[Method, ...], dict[str, dict[str, Any]]]:
    """Methods beside the own sum, each with its cost and what it does, none before anybody chooses; and the options of
    the chosen ones that are not at their default."""
    own = {own_method(model).name for model in models}
    fitting = [
        method
        for method in METHODS.values()
        if not {method.name, method.on_bcos} & own and any(not unsupported(method, model) for model in models)
    ]
    known = [method.name for method in fitting]
    missing_in_link("method", METHODS)
    chosen = [name for name in url.read_all("method") if name in known]
    methods, options = method_checklist(fitting, chosen, f"Methods beside it: {len(chosen)}", none=None)
    return tuple(methods), options
