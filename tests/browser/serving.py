"""A dashboard, or a raters' server, as a process of its own: started, killed, and started again at the same address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bcos_core.home import CHECKOUT, Home
from tests.ports import free_port

START_SECONDS = 90.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    """`python -m bcos_core app` with `options`, on `home`, at a port of this machine."""

    home: Home
    port: int
    options: tuple[str, ...] = ()

    @classmethod
    def at_free_port(cls, home: Home, *options: str) -> Server:
        return cls(home, free_port(), options)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def path(self) -> str:
        """What all is served under."""
        return self.options[self.options.index("--path") + 1] if "--path" in self.options else ""

    @property
    def log(self) -> Path:
        return self.home.root / "dashboard.log"

    def start(self) -> subprocess.Popen[bytes]:
        """A server that answers. Its processes are a group of their own."""
        command = [sys.executable, "-m", "bcos_core", "app", "--port", str(self.port), "--no-browser", *self.options]
        environment = {**os.environ, "BCOS_HOME": str(self.home.root)}
        with self.log.open("ab") as output:
            app = subprocess.Popen(
                command, cwd=CHECKOUT, stdout=output, stderr=output, env=environment, start_new_session=True
            )
        try:
            self._wait_until_up(app)
        except BaseException:
            kill(app)
            raise
        return app

    def _wait_until_up(self, app: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urlopen(f"{self.url}{self.path}/_stcore/health", timeout=1):
                    return
            except OSError:
                assert app.poll() is None, f"The dashboard ended with exit code {app.returncode}."
                assert time.monotonic() < deadline, f"The dashboard did not answer within {START_SECONDS:g} s."
                time.sleep(0.1)


def stop(app: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C would: the supervisor is ended too."""
    app.send_signal(signal.SIGTERM)
    try:
        app.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        kill(app)


def kill(app: subprocess.Popen[bytes]) -> None:
    """`kill -9` of all its processes at once."""
    os.killpg(app.pid, signal.SIGKILL)
    app.wait()
