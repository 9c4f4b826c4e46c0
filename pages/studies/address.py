"""Where raters reach this server: as the browser knows it, or as a researcher says."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

from bcos_core.errors import InputError
from bcos_core.study.studies import Study
from pages.widgets.errors import show_error
from pages.widgets.kept import kept
from pages.widgets.plain import plain

_USUAL = "http://127.0.0.1:8501"


def address_of(study: Study) -> str:
    """The address that links begin with."""
    said = str(st.session_state.get(_key(study), "")).strip()
    try:
        return checked(said) if said else _here()
    except InputError:  # said where it was typed
        return _here()


def invitation(address: str, token: str) -> str:
    """The link of an invitation."""
    return f"{address}/rate?invite={token}"


def ask_address(study: Study) -> None:
    """Say so where a link can be opened on this machine alone, or in its network alone, and what to do."""
    reach = reach_of(_here())
    if reach == "everywhere":
        return
    where = "on this machine only" if reach == "this machine" else "in this network only"
    st.warning(
        plain(
            f"These links can be opened {where}. To let others rate, start a server for raters that they can reach "
            "(python -m bcos_core app --raters --address 0.0.0.0, behind an https address), and give its address here."
        ),
        icon=":material/link_off:",
    )
    said = st.text_input(
        "Address of the raters’ server", placeholder="https://study.example.org", max_chars=200, **kept(_key(study), "")
    )
    if said.strip():
        try:
            checked(said.strip())
        except InputError as error:
            show_error(str(error))


def checked(address: str) -> str:
    """The address without what follows its host.

    Raises:
        InputError: it is none.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{address[:60]!r} is no address of a server; expected one such as https://study.example.org.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def reach_of(address: str) -> str:
    """From where an address can be opened: "this machine", "this network" or "everywhere"."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return "this machine"
    try:
        number = ip_address(host)
    except ValueError:
        return "everywhere" if "." in host and not host.endswith((".local", ".lan")) else "this network"
    if number.is_loopback or number.is_unspecified:
        return "this machine"
    return "this network" if number.is_private or number.is_link_local else "everywhere"


def _here() -> str:
    """Where this server is, as the browser knows it."""
    host = str(st.context.url or "").split("/studies")[0].rstrip("/")
    return host or _USUAL


def _key(study: Study) -> str:
    return f"raters-address-{study.id}"
