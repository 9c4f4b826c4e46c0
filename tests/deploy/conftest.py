"""The files of `deploy`, and a dashboard behind a real nginx."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bcos_core.home import CHECKOUT, Home
from tests.browser.conftest import browser, page

__all__ = ["browser", "page"]
DEPLOY = CHECKOUT / "deploy"
START_SECONDS = 60.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    return Home((tmp_path / "home").resolve()).create()


def nginx_program() -> str:
    found = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "")
    assert found, "nginx is missing. On Debian: apt-get install nginx-light"
    return found


@contextmanager
def nginx(folder: Path, port: int, dashboard: int) -> Iterator[str]:
    """nginx with `deploy/nginx.conf`, at one port of this machine, before the dashboard at another; its address."""
    site = (DEPLOY / "nginx.conf").read_text()
    for there, here in (
        ("listen 127.0.0.1:8080;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8501", f"127.0.0.1:{dashboard}"),
        ("/var/log/nginx/access.log", f"{folder}/served.log"),
        ("/var/log/nginx/error.log", f"{folder}/failed.log"),
    ):
        assert site.count(there) == 1
        site = site.replace(there, here)
    folder.mkdir()
    (folder / "site.conf").write_text(site)
    own = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nevents {{}}\n"
        f"http {{\naccess_log {folder}/access.log;\n{own}include {folder}/site.conf;\n}}\n"
    )
    command = [nginx_program(), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def wait_for(url: str, process: subprocess.Popen[bytes], *, status: int | None = None) -> None:
    """Until something answers there, with that status if one is named."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(url, timeout=5) as response:
                found = response.status
        except HTTPError as error:
            found = error.code
        except OSError:
            found = None
        if found is not None and status in (None, found):
            return
        assert process.poll() is None, f"{process.args!r} ended with exit code {process.returncode}."
        assert time.monotonic() < deadline, f"{url} did not answer in time (last: {found})."
        time.sleep(0.1)
