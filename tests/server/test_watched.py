"""A dashboard that is watched: the small server beside it, log lines as JSON, and its ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bcos_core.home import CHECKOUT, Home
from tests.ports import free_port
from tests.server.conftest import Serve


def metrics(port: int) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
        families = text_string_to_metric_families(response.read().decode())
    return {" ".join([one.name, *one.labels.values()]): one.value for family in families for one in family.samples}


def test_a_watched_dashboard(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_LOG", "json")
    port = free_port()
    server = serve("--signals", str(port))
    with urlopen(f"http://127.0.0.1:{port}/ready", timeout=20) as response:
        assert json.load(response)["ok"] is True  # its supervisor runs, too
    before = metrics(port)
    assert before["bcos_ready database"] == 1 and before["bcos_jobs train queued"] == 0
    assert before["process_resident_memory_bytes"] > 1e7
    assert sum(before[f"bcos_sessions {guest}"] for guest in ("stranger", "rater", "researcher")) == 0
    asked = ["health", "--port", str(server.port)]
    done = subprocess.run([sys.executable, "-m", "bcos_core", *asked], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0 and f"server: 127.0.0.1:{server.port} answers." in done.stdout
    # Nothing of it is served where people are.
    for path in ("/metrics", "/ready"):
        with urlopen(f"{server.url}{path}", timeout=20) as page:
            assert b"bcos_jobs" not in page.read()
    with pytest.raises(HTTPError):
        urlopen(f"http://127.0.0.1:{port}/jobs", timeout=20)

    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.strip()]
    assert all({"time", "level", "message", "process"} <= line.keys() for line in lines)
    assert any("The dashboard is at" in line["message"] for line in lines)
    supervised = [json.loads(line) for line in (home.root / "supervisor.log").read_text().splitlines()]
    assert any("runs the jobs of" in line["message"] for line in supervised)


def test_a_taken_port_is_refused_before_anything_starts(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "bcos_core", "app", "--no-browser", "--port", str(free_port())]
        command += ["--signals", str(taken.getsockname()[1])]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 2 and "is in use already" in done.stderr
