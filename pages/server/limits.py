"""How much one server takes, from everybody together and from each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from bcos_core.team import RATERS_ONLY


@dataclass(frozen=True)
class Pace:
    """Messages that may come at once, and how many more a second; those beyond wait."""

    burst: int
    per_second: float


@dataclass(frozen=True)
class Limits:
    """The bounds of one server."""

    connections: int
    """Pages open at once; a page is a session."""
    connections_per_address: int
    """Of them, from one address elsewhere (`origin_of`). This machine is not counted: a proxy that names nobody is one
    address."""
    first_message_seconds: float = 30.0
    """How long a connection may stay open that has said nothing yet."""
    guest_bytes: int = 256_000
    """A message of whoever is no researcher. A page's state comes with each: the longest text of a study is 14 kB."""
    guest_widgets: int = 200
    """Widgets that such a message may speak of."""
    stranger: Pace = Pace(burst=10, per_second=1.0)
    rater: Pace = Pace(burst=30, per_second=5.0)


RATERS = Limits(connections=250, connections_per_address=100)
DASHBOARD = Limits(connections=100, connections_per_address=50)


def limits(environment: Mapping[str, str] = os.environ) -> Limits:
    """Those of the server that this process is."""
    return RATERS if environment.get(RATERS_ONLY) == "1" else DASHBOARD
