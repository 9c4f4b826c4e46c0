"""A small Ray cluster of one node on this machine, with a token, that can be lost and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import psutil

from tests.jobs.waiting import wait_until
from tests.ports import free_port, listened_at

TOKEN = "0123456789abcdef" * 4
HEAD = ("gcs_server", "raylet", "dashboard")
START_SECONDS = 300.0
MOST_STARTS = 5
STAYS = "This command will now block forever"
"""What `ray start` says when its node has joined: its dashboard answers before, and goes with a node that does not."""


class RayCluster:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))  # short: it holds sockets
        self._dashboard = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._family: set[psutil.Process] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._dashboard}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_USAGE_STATS_ENABLED": "0",
            # Else Ray takes 127.0.0.1 for a wish to be found, and listens at every address of this machine.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_enable_open_telemetry": "0",
            "RAY_agent_register_timeout_ms": "300000",  # a busy machine starts its processes slowly
        }

    def start(self) -> None:
        """Returns when it is there. Ray gives a node thirty seconds to join, which a busy machine may not have: then it
        is started again.

        Raises:
            AssertionError: it does not start.
        """
        for _ in range(MOST_STARTS):
            said = self._said()
            self._begin()
            wait_until(lambda: self._has_ended or self._answers(said), "the cluster", seconds=START_SECONDS)  # noqa: B023
            if not self._has_ended:
                return
            self._kill_family()
        raise AssertionError(f"Ray's head does not start. {self._last_words()}")

    def _begin(self) -> None:
        # The others are nobody's address: while the head was away another process may have taken what it had.
        head, agent, client = (free_port() for _ in range(3))
        words = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", "--head", "--block"]
        words += ["--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1"]
        words += [f"--port={head}", f"--dashboard-port={self._dashboard}"]
        words += [f"--dashboard-agent-listen-port={agent}", f"--ray-client-server-port={client}"]
        words += ["--num-cpus=2", "--num-gpus=0", f"--object-store-memory={80 << 20}", "--disable-usage-stats"]
        words += [f"--temp-dir={self.folder}"]
        with (self.folder / "head.log").open("ab") as log:
            self._process = subprocess.Popen(
                words,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _said(self) -> int:
        """How often a head has said that it stays."""
        log = self.folder / "head.log"
        return log.read_text(errors="replace").count(STAYS) if log.exists() else 0

    def _last_words(self) -> str:
        logs = [self.folder / "head.log", *self.folder.glob("session_2*/logs/ray_process_exit.log")]
        return "\n".join(log.read_text(errors="replace")[-2000:] for log in logs)

    def _answers(self, said: int) -> bool:
        self._remember()
        if self._said() == said:
            return False
        request = urllib.request.Request(f"{self.address}/api/jobs/", headers={"Authorization": f"Bearer {TOKEN}"})
        with suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def _remember(self) -> None:
        if self._process is not None:
            with suppress(psutil.Error):
                head = psutil.Process(self._process.pid)
                self._family |= {head, *head.children(recursive=True)}

    def listens_at(self) -> set[IPv4Address | IPv6Address]:
        """The addresses of this machine at which its processes take connections."""
        self._remember()
        return listened_at(self._family)

    def owns(self, process: psutil.Process) -> bool:
        """Whether it is a part of the cluster, rather than something that a job has started."""
        self._remember()
        try:
            return process in self._family and "RAY_JOB_CONFIG_JSON_ENV_VAR" not in process.environ()
        except (psutil.Error, OSError):  # it has just ended
            return True

    def lose_head(self) -> None:
        """SIGKILL to what a head node runs; what it has started is left alone."""
        self._remember()
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for process in self._family:
            with suppress(psutil.Error):
                if any(name in " ".join(process.cmdline()[:4]) for name in HEAD):
                    process.send_signal(signal.SIGKILL)

    def end(self) -> None:
        self._remember()
        if self._process is not None:
            if self._has_ended:
                sys.stderr.write(f"The head had ended by itself.\n{self._last_words()}\n")
            self._process.kill()
            self._process.wait()
        self._kill_family()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_family(self) -> None:
        for process in self._family:
            with suppress(psutil.Error):
                process.kill()
