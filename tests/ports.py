"""Ports of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

import psutil


def free_port() -> int:
    """One that nobody listened at a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listened_at(processes: Iterable[psutil.Process]) -> set[IPv4Address | IPv6Address]:
    """The addresses of this machine at which processes take what others send; one of IPv4 in IPv6 is that of IPv4."""
    heard = set()
    for process in processes:
        with suppress(psutil.Error):  # it has just ended
            for one in process.net_connections("inet"):
                # A socket of UDP has no state; what it is connected to is all that it hears.
                if one.laddr and not one.raddr and one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE):
                    address = ip_address(one.laddr.ip)
                    heard.add(getattr(address, "ipv4_mapped", None) or address)
    return heard
