"""What an operator sees of this process: its log lines as they were asked for, and the small server of signals."""

from __future__ import annotations

import functools
import os

from prometheus_client import Gauge

from bcos_core.home import get_home
from bcos_core.log_lines import JsonLines, wants_json
from bcos_core.operations.signals import SETTING, read_place, serve
from bcos_core.storage.artefacts.mirror import begin
from bcos_core.storage.artefacts.objects import is_asked
from bcos_core.storage.upgrade import open_database
from pages.server.seams import log_as
from pages.server.visits import VISITS, Guest

SESSIONS = Gauge("bcos_sessions", "Pages that are open now, by who is at them.", ["guest"])


@functools.cache  # the script that makes the server may be read more than once
def watch() -> None:
    """Begin, once in a server's life.

    Raises:
        InputError: a setting means nothing, or nothing can listen where it says.
    """
    if wants_json():
        log_as(JsonLines())
    for guest in Guest:
        SESSIONS.labels(guest.name.lower()).set_function(functools.partial(_open, guest))
    home = get_home()
    if is_asked():
        begin(home, open_database(home), fetches=True)
    if place := os.environ.get(SETTING, "").strip():
        serve(read_place(place), home)


def _open(guest: Guest) -> float:
    return float(sum(visit.guest == guest for visit in VISITS))
