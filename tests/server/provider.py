"""An identity provider as a server is told of it, and what that server signs of whoever it has let in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

ISSUER, CLIENT, COOKIE_SECRET = "https://login.example.org", "id", "not a secret outside this test"
METADATA = f"{ISSUER}/.well-known"


def write_secrets(file: Path) -> Path:
    """Streamlit's file of secrets, with the provider in it."""
    file.write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1/oauth2callback"\ncookie_secret = "{COOKIE_SECRET}"\n'
        f'client_id = "{CLIENT}"\nclient_secret = "secret"\nserver_metadata_url = "{METADATA}"\n'
    )
    return file


def user(subject: str, **more: Any) -> dict[str, Any]:
    """What the provider has said of somebody, as Streamlit keeps it."""
    return {"origin": "http://127.0.0.1", "is_logged_in": True, "iss": ISSUER, "sub": subject, **more}


def signed(said: Any, *, secret: str = COOKIE_SECRET, name: str = USER_COOKIE_NAME) -> str:
    """The cookie's value: a text as it stands, all else as JSON."""
    return create_signed_value(secret, name, said if isinstance(said, str) else json.dumps(said)).decode()
