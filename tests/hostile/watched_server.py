"""The dashboard's server, or the raters', watched: `python -m tests.hostile.watched_server PORT BREACHES [OPTION…]`.

SIGUSR1 begins to watch: then everything that a server loads by and by was loaded. What is noted is added to the file
BREACHES, a line of JSON each.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from streamlit.web import cli

from bcos_core.home import CHECKOUT, get_home
from tests.hostile.watch import Breach, Watch


class Noting(list[Breach]):
    """Breaches, each written to a file at once."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._lines = file.open("a", buffering=1)

    def append(self, breach: Breach) -> None:
        super().append(breach)
        self._lines.write(json.dumps(asdict(breach)) + "\n")


def main(port: str, breaches: str, *options: str) -> None:
    watch = Watch([get_home().root, Path(breaches).parent.parent])
    watch.install()

    def begin(*_: object) -> None:
        watch.begin()
        watch.breaches = Noting(Path(breaches))

    signal.signal(signal.SIGUSR1, begin)
    sys.argv = ["streamlit", "run", str(CHECKOUT / "app.py"), "--server.address", "127.0.0.1", "--server.port", port]
    sys.argv += options
    cli.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
