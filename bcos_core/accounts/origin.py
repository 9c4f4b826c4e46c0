"""Whence somebody comes, as it is counted and written down."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

_LONGEST, _ONE_SUBSCRIBER = 64, 64


def origin_of(address: str) -> str:
    """An IPv4 address as it is, also where it is written as one of IPv6 (`::ffff:192.0.2.1`); of one of IPv6 its /64,
    since whoever has one address of that has 2⁶⁴ of them; "" for this machine, which is not counted."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:_LONGEST]  # a socket without one, or with a name
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback:
        return ""
    return str(IPv6Network((int(found), _ONE_SUBSCRIBER), strict=False)) if found.version == 6 else str(found)
