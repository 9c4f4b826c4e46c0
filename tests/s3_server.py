"""A server on this machine that speaks S3 over a folder: each bucket is a folder in it, each object a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from pyarrow.fs import S3FileSystem

from tests.ports import free_port

KEY, SECRET = "tests", "s3cret-of-tests"
START_SECONDS = 30.0
BUCKET = "lab"


@dataclass
class S3Server:
    """`folder` is what it serves; it can be stopped and started again at the same address."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def objects(self) -> Path:
        """The files of the bucket."""
        return self.folder / BUCKET

    @property
    def variables(self) -> Mapping[str, str]:
        """What a client finds it by."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    def make_bucket(self, name: str) -> None:
        variables = self.variables
        S3FileSystem(
            access_key=KEY,
            secret_key=SECRET,
            endpoint_override=variables["AWS_ENDPOINT_URL"],
            region=variables["AWS_DEFAULT_REGION"],
            allow_bucket_creation=True,
        ).create_dir(name)

    def start(self) -> None:
        """Returns when it answers.

        Raises:
            RuntimeError: it does not.
        """
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        rclone = Path(sys.executable).parent / "rclone"
        words: list[str | Path] = [
            rclone,
            "serve",
            "s3",
            "--addr",
            f"127.0.0.1:{self.port}",
            "--auth-key",
            f"{KEY},{SECRET}",
        ]
        # Tests change its files: little is remembered of the folder.
        words += ["--dir-cache-time", "200ms", "--no-cleanup", "--config", os.devnull, self.folder]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"rclone did not start ({self._process.poll()}).")
            time.sleep(0.05)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def stand_still(self) -> None:
        """It takes connections, and answers none."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except OSError:
            return False
        finally:
            connection.close()
        return True


@contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    """A server over a folder, until the end of the block."""
    server = S3Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
