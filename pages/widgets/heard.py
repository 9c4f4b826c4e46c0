"""What a component has sent from the browser: anybody can send anything in its place, so that nothing of it is used
before it was held against what the component's script sends."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

Sent = TypeVar("Sent")

# As the scripts have them: names and keys are short, and whole characters; what is counted here is counted below this.
Word = Annotated[str, Meta(max_length=1_000, pattern=r"^[^\x00\ud800-\udfff]*\Z")]
Count = Annotated[int, Meta(ge=0, lt=10**9)]

_log = logging.getLogger(__name__)


def heard(state: Any, name: str, kind: type[Sent]) -> Sent | None:
    """What a component has sent under `name`, as a `kind` (a dataclass, or any type that msgspec knows); None where it
    has sent nothing, or what its script never sends. `state` is what the session has under the component's key."""
    given = state.get(name) if isinstance(state, Mapping) else None
    return None if given is None else as_sent(given, kind)


def as_sent(given: object, kind: type[Sent]) -> Sent | None:
    """The same of a value that is at hand. What is refused is noted in the log, without a word of what it says."""
    try:
        return msgspec.convert(given, kind)
    except (ValueError, RecursionError) as error:  # of another type, half of a character, too deep
        _log.warning("A component sent what its script never sends, and it was not heard: %s", str(error)[:200])
        return None
