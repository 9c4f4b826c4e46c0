"""The dashboard behind the nginx of `deploy/nginx.conf`: pages, their connection, uploads, and who asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bcos_core.home import Home
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS
from tests.browser.serving import Server, stop
from tests.deploy.conftest import nginx, wait_for
from tests.ports import free_port


@pytest.fixture
def address(home: Home, tmp_path: Path) -> Iterator[str]:
    """Of the proxy; the dashboard serves under /bcos."""
    server = Server.at_free_port(home, "--path", "/bcos")
    app = server.start()
    try:
        with nginx(tmp_path / "nginx", free_port(), server.port) as address:
            yield address
    finally:
        stop(app)


def ask(address: str, method: str, path: str, *, announced: int = 0) -> tuple[int, str]:
    """The status, and where it leads or what it says."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=20)
    connection.putrequest(method, path)
    connection.putheader("Content-Length", str(announced))
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.headers.get("Location") or response.read().decode()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.timeout(420)
def test_a_page_its_connection_and_uploads_go_through(page: Page, address: str, tmp_path: Path) -> None:
    connections: list[str] = []
    page.on("websocket", lambda opened: connections.append(opened.url.partition("?")[0]))
    page.goto(f"{address}/bcos")
    home = page.get_by_role("heading", name="B-cos language models", level=1)
    expect(home).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    assert page.url.removeprefix(address).partition("?")[0].rstrip("/") == "/bcos"
    page.get_by_role("link", name="Train").click(delay=50)
    expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
    assert set(connections) == {f"{address.replace('http', 'ws')}/bcos/_stcore/stream"}

    page.goto(f"{address}/bcos/train?task=file")
    chooser = page.locator("input[type=file]").first
    chooser.wait_for(state="attached")
    small = tmp_path / "small.csv"
    small.write_text(
        "text,label\n" + "".join(f"A fine film number {n}.,good\nA dull film number {n}.,bad\n" for n in range(40))
    )
    chooser.set_input_files(small)
    expect(page.get_by_text("small.csv").first).to_be_visible()
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(101 * 2**20)  # one more than the dashboard takes
    page.locator("input[type=file]").first.set_input_files(large)
    expect(page.get_by_text("100.0MB or smaller", exact=False).first).to_be_visible()


def test_what_is_too_large_or_elsewhere_is_refused_in_words(address: str) -> None:
    status, said = ask(address, "PUT", "/bcos/_stcore/upload_file/session/file", announced=102 * 2**20)
    assert status == 413 and "up to 100 MB" in said
    # Just below, it is the dashboard that answers, which takes uploads of its own pages alone.
    status, said = ask(address, "PUT", "/bcos/_stcore/upload_file/session/file", announced=10)
    assert status == 403 and said == "No uploads here."
    assert ask(address, "GET", "/bcos/_stcore/health") == (200, "ok")
    for path in ("/metrics", "/ready", "/_stcore/health", "/bcos/_stcore/metrics"):
        assert ask(address, "GET", path)[0] == 404, path
    assert ask(address, "POST", "/bcos/")[0] == 405
    # A link without the last stroke leads to what it was made of.
    assert ask(address, "GET", "/bcos?study=1&item=%2F2") == (308, "/bcos/?study=1&item=%2F2")
    assert ask(address, "GET", "/bcos") == (308, "/bcos/")


ECHO = """
import sys, uvicorn

async def app(scope, receive, send):
    if scope["type"] == "http":
        said = f"{scope['client'][0]} {scope['scheme']} {dict(scope['headers'])[b'host'].decode()}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


def test_who_asked_is_who_came_to_the_proxy(tmp_path: Path) -> None:
    """nginx replaces what a client says of itself, and the server that Streamlit uses believes it: of this machine."""
    port = free_port()
    echo = subprocess.Popen([sys.executable, "-c", ECHO, str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/bcos/", echo)
        with nginx(tmp_path / "nginx", free_port(), port) as address:
            place = address.removeprefix("http://")
            connection = HTTPConnection(place, timeout=20, source_address=("127.0.0.5", 0))
            connection.request(
                "GET", "/bcos/", headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
            )
            assert connection.getresponse().read().decode() == f"127.0.0.5 http {place}"
    finally:
        echo.terminate()
        echo.wait(20)


def test_no_key_is_in_a_log_of_the_proxy(tmp_path: Path) -> None:
    """Neither of the address that is asked for, nor of the page that asks; nor where nothing answers behind it."""
    key = "k3y-0f-an-1nvitation"
    paths = [f"/bcos/rate?invite={key}", f"/bcos/rate?rater={key}", f"/bcos/choose-password?token={key}", f"/?a={key}"]
    paths += [f"/bcos?invite={key}"]
    with nginx(tmp_path / "nginx", free_port(), free_port()) as address:  # no dashboard: 502
        place = address.removeprefix("http://")
        for path in paths:
            connection = HTTPConnection(place, timeout=20)
            connection.request("GET", path, headers={"Referer": f"{address}/bcos/rate?invite={key}"})
            connection.getresponse().read()
            connection.close()
        assert ask(address, "PUT", f"/bcos/x?token={key}", announced=102 * 2**20)[0] == 413
    logs = {file.name: file.read_text() for file in (tmp_path / "nginx").glob("*.log")}
    served = logs["served.log"]
    for line in ('"GET /bcos/rate" 502', '"GET /bcos/choose-password" 502', '"GET /" 404', '"GET /bcos" 308', "413"):
        assert line in served, line
    assert not any(key in log for log in logs.values())
