"""The grid of an ablation: a recipe, the options that are varied, and every recipe that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from bcos_core.errors import InputError, RecipeError
from bcos_core.numbers import number
from bcos_core.option import Option, options_of
from bcos_core.train.recipe import Recipe

Value = bool | int | float | str | None

NOT_VARIED = {
    "bcos": "a conventional model is the twin that stands beside the grid",
    "twin": "the twin of the default stands beside the grid",
    "seed": "every recipe is trained with the same seeds; say how many",
}
"""Options that are no part of a grid, and why."""
VARIED = {name: option for name, option in options_of(Recipe).items() if name not in NOT_VARIED}
DEFAULT = "default"
"""What the recipe is called that the others are held against."""
TWIN = "conventional twin"
LEAST_PLAIN = 1e-3
"""From here a number is written as it is typed."""
_YES, _NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


@dataclass(frozen=True)
class Row:
    """One recipe of a grid; `changes` are the options in which it differs from the default, by name. It is called after
    them, "B = 1.25, biases kept", and the default after its own values: "default (B = 1.5, biases dropped)"."""

    name: str
    changes: Mapping[str, Value]
    recipe: Recipe


@dataclass(frozen=True)
class LeftOut:
    """A combination that is no recipe, and why."""

    name: str
    reason: str


def grid(
    base: Recipe, vary: Mapping[str, Sequence[Value]], *, crossed: bool
) -> tuple[tuple[Row, ...], tuple[LeftOut, ...]]:
    """The recipes, the default first whether or not its own values were named; and the combinations that are none.

    Args:
        crossed: every value with every value of the other options; else each option alone, the others as in `base`.

    Raises:
        InputError: an option or a value that is not there; nothing is varied; no combination is a recipe.
    """
    require_varied(vary)
    own = {name: getattr(base, name) for name in vary}
    rows, left_out = [Row(f"{DEFAULT} ({_named(own)})", {}, base)], []
    for changes in _combinations(base, vary, crossed=crossed):
        try:
            rows.append(Row(_named(changes), changes, base.replace(**changes)))
        except RecipeError as error:
            left_out.append(LeftOut(_named(changes), str(error)))
    if len(rows) == 1:
        reason = left_out[0].reason if left_out else "Every value named is the recipe's own."
        raise InputError(f"Nothing is varied: no other recipe comes of these values. {reason}")
    return tuple(rows), tuple(left_out)


def require_varied(vary: Mapping[str, Sequence[Value]]) -> None:
    """
    Raises:
        InputError: an option or a value that is not there, or none at all.
    """
    if not vary:
        raise InputError(f"Nothing is varied. Name an option and its values; options are: {', '.join(VARIED)}.")
    for name, values in vary.items():
        option = _option(name)
        if not values:
            raise InputError(f"{name} has no values to vary; expected {option.expected}.")
        if len(set(values)) < len(values):
            raise InputError(f"{name} varies over {', '.join(map(str, values))}; expected each value once.")
        for value in values:
            if not option.fits(value):
                raise InputError(f"{name} is {value!r}; expected {option.expected}.")


def read_value(name: str, text: str) -> Value:
    """A value of an option as a person types it: a number, a choice, "yes" or "no", "none".

    Raises:
        InputError: an option or a value that is not there.
    """
    option, text = _option(name), text.strip()
    if option.none and text.casefold() == "none":
        return None
    if option.type is bool:
        if text.casefold() in (*_YES, *_NO):
            return text.casefold() in _YES
        raise InputError(f"{name} is {text!r}; expected yes or no.")
    return option.converted(name, text)


def said(name: str, value: Value) -> str:
    """An option at a value, in words: "B = 1.25", "biases kept", "calibrate: no"."""
    option = VARIED[name]
    title = option.title if option.title[:2].isupper() or len(option.title) == 1 else option.title.lower()
    if option.type is bool:
        return f"{title}: {'yes' if value else 'no'}"
    if value is None:
        return f"{title} {option.none}"
    if option.choices:
        return f"{title} {value}"
    return f"{title} = {f'{value:g}' if float(value) >= LEAST_PLAIN else number(float(value))}"


def typed(name: str, value: Value) -> Value:
    """A value in its option's type, if it is one of it: 1 of a number that may have decimals is 1.0, so that one recipe
    is known by one name."""
    option = VARIED.get(name)
    if option is None or not isinstance(value, int | float) or isinstance(value, bool) or not option.fits(value):
        return value
    converted: int | float = option.type(value)
    return converted


def _named(values: Mapping[str, Value]) -> str:
    return ", ".join(said(name, value) for name, value in values.items())


def _combinations(base: Recipe, vary: Mapping[str, Sequence[Value]], *, crossed: bool) -> Iterator[dict[str, Value]]:
    """The changes of each recipe but the default, none twice."""
    if crossed:
        chosen = [dict(zip(vary, values, strict=True)) for values in product(*vary.values())]
    else:
        chosen = [{name: value} for name, values in vary.items() for value in values]
    seen: list[dict[str, Value]] = [{}]
    for values in chosen:
        changes = {name: value for name, value in values.items() if value != getattr(base, name)}
        if changes not in seen:
            seen.append(changes)
            yield changes


def _option(name: str) -> Option:
    if name in NOT_VARIED:
        raise InputError(f"{name} cannot be varied: {NOT_VARIED[name]}.")
    if name not in VARIED:
        raise InputError(f"A recipe has no option {name!r} to vary. Options are: {', '.join(VARIED)}.")
    return VARIED[name]
