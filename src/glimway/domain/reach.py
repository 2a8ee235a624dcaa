"""Where an address lies: on this machine, on a private network, or on the public internet.

Knows the special ranges of both internet protocols, the endings that no public name has, and what
a host in a URL may look like. Refuses to look a name up, and to decide who may go where.

The tables are our own rather than ``ipaddress.is_global``, whose answers differ between versions of
Python. Sources: the registries of special-purpose addresses
(https://www.iana.org/assignments/iana-ipv4-special-registry,
https://www.iana.org/assignments/iana-ipv6-special-registry).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal

Reach = Literal["loopback", "private", "public"]
"""``private`` stands for everything that is neither this machine nor the public internet:
multicast, link-local, documentation and reserved ranges too."""

Address = IPv4Address | IPv6Address

PRIVATE_ENDINGS: Final = (".internal", ".intranet", ".lan", ".local", ".home.arpa", ".private")
"""Name endings that no public name has (RFC 6762 appendix G, RFC 8375, ICANN on .internal)."""

_INSIDE_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network"; a connection to 0.0.0.0 ends on this machine
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' address translation (RFC 6598), Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # looks public, but is each Azure machine's own host
            "169.254.0.0/16",  # link-local, and the clouds' metadata services
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments, Oracle's metadata
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)

_OUTSIDE_6: Final = IPv6Network("2000::/3")
"""All of IPv6 that has been given out for the internet; what lies beyond is local or reserved."""

_INSIDE_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 (RFC 7526): any IPv4 address may hide in it
            "3fff::/20",  # documentation
        ),
    )
)

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""On a network with IPv6 alone, a public IPv4 host is reached through this range (RFC 6052)."""

_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""How the second half of an address begins that holds an IPv4 address (RFC 5214)."""

_LOW_32: Final = 0xFFFF_FFFF

_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

NAME_CHARS_MAX: Final = 253
LABEL_CHARS_MAX: Final = 63
"""What the name system can carry (RFC 1035, section 2.3.4)."""


def reach_of_address(address: Address) -> Reach:
    """Where an address lies. One that holds another (translated, tunnelled) is never better than
    the other."""
    if isinstance(address, IPv4Address):
        if address.is_loopback:
            return "loopback"
        return "private" if any(address in network for network in _INSIDE_4) else "public"
    if address.is_loopback:
        return "loopback"
    if address.ipv4_mapped is not None:
        return reach_of_address(address.ipv4_mapped)
    number = int(address)
    if address in _NAT64:
        return _no_better(IPv4Address(number & _LOW_32))
    if address not in _OUTSIDE_6 or any(address in network for network in _INSIDE_6):
        return "private"
    if number >> 32 & _LOW_32 in _ISATAP:
        return _no_better(IPv4Address(number & _LOW_32))
    return "public"


def reach_of(host: str) -> Reach:
    """Where a host lies, as far as its name or number tells.

    A name of one label (``vllm``) is private: such names only resolve inside a network.
    """
    name = host.lower().rstrip(".").strip("[]")
    address = address_of(name)
    if address is not None:
        return reach_of_address(address)
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    return "private" if "." not in name or name.endswith(PRIVATE_ENDINGS) else "public"


def address_of(host: str) -> Address | None:
    """The address that a host is written as, without its zone; None for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_host(host: str) -> bool:
    """Whether a host of a URL is plainly a name or plainly an address.

    ``127.1``, ``0x7f.1`` and ``2130706433`` are neither: only a resolver knows what they mean. No
    name ends in a number (https://url.spec.whatwg.org/#ends-in-a-number-checker).

    Args:
        host: in small letters, without brackets.
    """
    address = address_of(host)
    if address is not None:
        return "%" not in host or isinstance(address, IPv6Address)  # only IPv6 has zones
    name = host.removesuffix(".")
    labels = name.split(".")
    if len(name) > NAME_CHARS_MAX or any(len(label) > LABEL_CHARS_MAX for label in labels):
        return False
    return bool(_NAME.fullmatch(name)) and not _NUMBER.fullmatch(labels[-1])


def _no_better(address: IPv4Address) -> Reach:
    return "public" if reach_of_address(address) == "public" else "private"
