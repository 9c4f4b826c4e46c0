"""The field of an option in a form, of the kind that the option asks for; its value is in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.option import Option
from pages.widgets import url
from pages.widgets.plain import plain

_LARGEST = 2**53 - 1
"""What a field of numbers in a browser can hold."""


def option_field(name: str, option: Option, default: Any, *, bounded: bool = False) -> Any:
    """What is chosen; None where it was emptied. `name` is the parameter of the address. Without `bounded` a number
    that does not fit can be typed and stays: whoever asked says what is wrong with it."""
    if option.choices:
        bound = url.bound(name, default, parse=url.one_of(option.choices))
        return st.selectbox(option.title, option.choices, help=option.help, **bound)
    if option.type is bool:
        bound = url.bound(name, default, parse=lambda text: text == "1", show=lambda value: "1" if value else "0")
        return st.toggle(option.title, help=option.help, **bound)

    def parse(text: str) -> Any:
        value = option.type(text)
        if (bounded and not option.fits(value)) or not abs(value) <= _LARGEST:  # nor one that is no number
            raise ValueError(text)
        return value

    rest = url.bound(name, default, parse=parse)
    if bounded:
        rest |= {"min_value": _as(option, option.least), "max_value": _as(option, option.most)}
    if default is None:
        rest |= {"value": None, "placeholder": option.none}
    step, shown = (option.step, "%g") if option.type is float else (int(option.step or 1), "%d")
    return st.number_input(option.title, step=step, format=shown, help=option.help, **rest)


def method_options(methods: Sequence[Method]) -> dict[str, dict[str, Any]]:
    """The options of methods that have any, each under its own heading: those that are not at their default, by method
    and name. The address says them as the command line does: METHOD.NAME=VALUE."""
    chosen: dict[str, dict[str, Any]] = {}
    for method in methods:
        if not method.options:
            continue
        with st.expander(plain(method.title)):
            for name, option in method.options.items():
                value = option_field(f"{method.name}.{name}", option, option.default, bounded=True)
                if value is not None and value != option.default:
                    chosen.setdefault(method.name, {})[name] = value
    return chosen


def parameters_of(options: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The parameters of an address that say these options."""
    return {f"{method}.{name}": str(value) for method, chosen in options.items() for name, value in chosen.items()}


def _as(option: Option, bound: float | None) -> Any:
    return None if bound is None else option.type(bound)
