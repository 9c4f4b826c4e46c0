"""What the nginx of `deploy/nginx.conf` says to the server behind it of who asked."""

from __future__ import annotations

import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

from tests.deploy.conftest import nginx, wait_for
from tests.ports import free_port

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
