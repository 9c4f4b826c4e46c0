"""A choice that a person has, declared once: it makes its check, its flag on the command line, its field in forms."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from bcos_core.arguments import one_number, shown
from bcos_core.errors import InputError, UnknownNameError

Value = TypeVar("Value")
_LARGEST = 2**53
"""Whole numbers up to here are the same ones as floats, and in a browser."""


@dataclass(frozen=True)
class Option:
    """`title` names it in a form, `help` says in a sentence what it is. A number is from `least` to `most`, or `above`
    the one or `below` the other; a text is one of `choices`. `kind` is the type of its values, by default that of the
    default; one that may be None says in `none` what that means. `step` is that of a form's buttons, `group` the part
    of the form.
    """

    default: bool | int | float | str | None
    title: str
    help: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    kind: type | None = None
    none: str = ""
    step: float | None = None
    group: str = ""

    @property
    def type(self) -> type:
        """bool, int, float or str."""
        return self.kind or type(self.default)

    @property
    def expected(self) -> str:
        """What it takes, in words: "a whole number from 1 to 1,024"."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type is bool:
            return "yes or no"
        lower = f"from {_plain(self.least)}" if self.least is not None else ""
        upper = f"to {_plain(self.most)}" if self.most is not None else ""
        if self.above is not None:
            lower, upper = f"above {_plain(self.above)}", upper and f"and up {upper}"
        if self.below is not None:
            upper = f"to below {_plain(self.below)}"
        number = "a whole number" if self.type is int else "a number"
        asked = " ".join(part for part in (number, lower, upper) if part)
        return f"{asked}, or none for {self.none}" if self.none else asked

    def fits(self, value: object) -> bool:
        """Whether it takes `value` as it is."""
        if value is None:
            return bool(self.none)
        if self.type is bool or self.choices:
            return type(value) is self.type and (not self.choices or value in self.choices)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        if not -_LARGEST < value < _LARGEST or (self.type is int and not float(value).is_integer()):
            return False
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def converted(self, name: str, value: Any) -> int | float | str:
        """`value` in the option's type; a number may be given as text.

        Raises:
            UnknownNameError: none of the choices.
            InputError: no such number.
        """
        if self.choices:
            if not isinstance(value, str) or value not in self.choices:
                raise UnknownNameError(f"value of {name}", value, self.choices)
            return str(value)
        number = one_number(value)
        if number is None or not self.fits(number):
            raise InputError(f"{name} is {shown(value)}; expected {self.expected}.")
        converted: int | float = self.type(number)
        return converted


def choice(default: Value, title: str, help: str, **rest: Any) -> Value:
    """A field of a dataclass that is an option; the arguments are those of `Option`."""
    declared: Value = field(default=default, metadata={"option": Option(default, title, help, **rest)})  # type: ignore
    return declared


def options_of(kind: type) -> Mapping[str, Option]:
    """The fields of a dataclass that are options, in their order."""
    return {one.name: one.metadata["option"] for one in fields(kind) if "option" in one.metadata}


def misfits(values: object) -> Mapping[str, Option]:
    """The options of a dataclass's instance whose value they do not take."""
    return {name: option for name, option in options_of(type(values)).items() if not option.fits(getattr(values, name))}


def add_flag(group: argparse._ActionsContainer, name: str, option: Option, *, default: Any = None) -> None:
    """The flag of an option, such as --batch-size N; one that is left out is `default`."""
    flag, about = "--" + name.replace("_", "-"), _about(option)
    if option.type is bool:  # --calibrate and --no-calibrate
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, help=about)
        return
    metavar = {int: "N", float: "X", str: "NAME"}[option.type]
    told = "" if default is None else f" (default: {default})"
    group.add_argument(flag, type=option.type, metavar=metavar, default=default, help=about + told)


def _about(option: Option) -> str:
    said = option.help.rstrip(".")
    first = said if said[:2].isupper() else said[:1].lower() + said[1:]
    return (first + (f": {', '.join(option.choices)}" if option.choices else "")).replace("%", "%%")


def _plain(number: float) -> str:
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:g}"


def method_flags(options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Options of methods, by method and name, as the command line has them: `--option=METHOD.NAME=VALUE`."""
    return [f"--option={method}.{name}={value}" for method, own in options.items() for name, value in own.items()]
