"""Reachability of the hub, tried on servers on the loopback interface."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from huggingface_hub import constants

from bcos_core import hub
from bcos_core.errors import HubUnavailableError


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@contextmanager
def server(status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [200, 307, 404])
def test_a_hub_that_answers(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with server(status) as endpoint:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        hub.require_hub("the model 'a/b'")


@pytest.mark.parametrize("status", [403, 407, 500, 503])
def test_a_proxy_or_a_broken_server_is_not_a_hub(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with server(status) as endpoint:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        with pytest.raises(HubUnavailableError, match=f"answers with status {status}"):
            hub.require_hub("the model 'a/b'")


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but not listening: a connection is refused
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(HubUnavailableError) as caught:
            hub.require_hub("the model 'a/b'")
    assert "the model 'a/b'" in str(caught.value)
    assert "minilm" in str(caught.value) and "short-reviews" in str(caught.value) and "local" in str(caught.value)


def test_a_hub_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        reason = hub.unavailable_reason(seconds=0.3)
        assert time.monotonic() - start < 5
    assert reason is not None


def test_a_name_that_takes_forever_to_resolve_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def stuck(endpoint: str, seconds: float) -> None:
        release.wait(10)

    monkeypatch.setattr(hub, "_probe", stuck)
    start = time.monotonic()
    reason = hub.unavailable_reason(seconds=0.2)
    release.set()
    assert reason is not None and "did not answer within 0.2 seconds" in reason
    assert time.monotonic() - start < 5


def test_offline_mode_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "_probe", lambda *args: pytest.fail("the hub was asked"))
    with pytest.raises(HubUnavailableError, match="HF_HUB_OFFLINE"):
        hub.require_hub("the model 'a/b'")
