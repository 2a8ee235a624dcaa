"""Ways to write addresses that lie inside: on this machine, on a private network, at a cloud's
metadata service.

Knows how resolvers, browsers and attackers spell addresses. Refuses to judge them: whoever calls
one of these must not arrive.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

INSIDE_4 = """
    127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.254 192.168.1.1 169.254.169.254
    100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
    168.63.129.16 203.0.113.9
""".split()

INSIDE_6 = """
    ::1 :: fe80::1 fd00::1 fd00:ec2::254 fc00::7 ff02::1 2001:db8::1 fec0::1 3fff::1 5f00::1 100::1
    64:ff9b:1::1 2001:10::1 4000::1
""".split()

NAMES = """
    localhost LOCALHOST localhost. a.localhost ip6-localhost metadata metadata.google.internal
    kubernetes.default.svc host.docker.internal instance-data vllm gpu.lan router.home.arpa
    db.corp printer.local api.intranet store.private localtest.example spoofed.burp.example
""".split()
"""Some say by themselves that they lie inside, the others lead there."""

OUTSIDE = "api.z.ai"

OTHER_DIGITS = tuple(
    {ord("0") + n: chr(zero + n) for n in range(10)}
    for zero in (0xFF10, 0x245F, 0x1D7F6, 0x0660)  # full width, circled, monospace, Arabic
)
OTHER_DOTS = (0xFF0E, 0x3002, 0xFF61)  # full width, ideographic, half width
"""Letters that name preparation (RFC 3491) turns into ASCII digits and dots."""


def hosts() -> Iterator[str]:
    """What may stand where a URL has its host."""
    for dotted in INSIDE_4:
        yield from _numbers(dotted)
        yield from _embedded(dotted)
        yield from _letters(dotted)
    for short in INSIDE_6:
        yield from _sixes(short)
    yield from NAMES
    for at, _ in enumerate((*INSIDE_4, *INSIDE_6)):
        yield f"rebind-{at}.example"


def urls(host: str, port: int) -> Iterator[str]:
    """The host in a URL, plainly."""
    yield f"https://{host}:{port}/v1"


def tricks(port: int) -> Iterator[str]:
    """URLs in which an address hides beside a host that may be called."""
    for host in ("127.0.0.1", "[::1]", "169.254.169.254", "localhost", "2130706433"):
        place = f"{host}:{port}"
        yield from (
            f"https://{OUTSIDE}@{place}/v1",
            f"https://{OUTSIDE}:443@{place}/v1",
            f"https://user:pass@{place}/v1",
            f"https://@{place}/v1",
            f"https://{OUTSIDE}%40{place}/v1",
            f"https://{place}#@{OUTSIDE}/v1",
            f"https://{place}?@{OUTSIDE}/v1",
            f"https://{OUTSIDE}\\@{place}/v1",
            f"https://{place}\\@{OUTSIDE}/v1",
            f"https:\\\\{place}/v1",
            f"https://{OUTSIDE}\t@{place}/v1",
            f"https://{place}\r\nhost: {OUTSIDE}/v1",
            f"https://{OUTSIDE} {place}/v1",
            f"https://{OUTSIDE}/\n@{place}/v1",
            f" https://{place}/v1",
            f"https:///{place}/v1",
            f"https:/{place}/v1",
            f"https:{place}/v1",
            f"//{place}/v1",
            f"HTTPS://{place}/v1",
            f"https://{place},{OUTSIDE}/v1",
            f"https://{OUTSIDE}.{place}/v1" if "[" not in place else f"https://[{OUTSIDE}]/v1",
            f"gopher://{place}/v1",
            f"file://{place}/etc/passwd",
        )


def _numbers(dotted: str) -> Iterator[str]:
    a, b, c, d = (int(part) for part in dotted.split("."))
    number = int(ipaddress.IPv4Address(dotted))
    yield from (
        dotted,
        f"{dotted}.",
        str(number),
        f"{number}.",
        str(number + (1 << 32)),
        hex(number),
        f"0X{number:X}",
        f"0x{number:016x}",
        f"0{number:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0000{a:o}.{b}.{c:#x}.{d}",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"{a}.{(b << 16) + (c << 8) + d}",
        f"{a}.{b}.{(c << 8) + d}",
        f"{a:#x}.{(b << 16) + (c << 8) + d:#x}",
        f"{a + 256}.{b}.{c}.{d}",
    )


def _embedded(dotted: str) -> Iterator[str]:
    number = int(ipaddress.IPv4Address(dotted))
    high, low = number >> 16, number & 0xFFFF
    turned = number ^ 0xFFFF_FFFF
    yield from (
        f"[::ffff:{dotted}]",
        f"[::ffff:{high:x}:{low:x}]",
        f"[0:0:0:0:0:FFFF:{high:04X}:{low:04X}]",
        f"[::ffff:0:{dotted}]",
        f"[::{dotted}]",
        f"[64:ff9b::{dotted}]",
        f"[64:ff9b:1::{dotted}]",
        f"[2002:{high:x}:{low:x}::1]",
        f"[2001:0:4136:e378:8000:63bf:{turned >> 16:x}:{turned & 0xFFFF:x}]",
        f"[2001:470:1f0b::5efe:{dotted}]",
        f"[2001:470:1f0b::200:5efe:{dotted}]",
        f"[::ffff:{dotted}%25lo]",
    )


def _letters(dotted: str) -> Iterator[str]:
    yield from (
        dotted.replace(".", "%2e"),
        "".join(f"%{ord(letter):02x}" for letter in dotted),
        f"{dotted}%00",
        f"{dotted}%20",
        f"{dotted}%lo",
        f"{dotted}.nip.example",
        f"{dotted.replace('.', '-')}.sslip.example",
    )
    yield from (dotted.translate(digits) for digits in OTHER_DIGITS)
    yield from (dotted.replace(".", chr(dot)) for dot in OTHER_DOTS)


def _sixes(short: str) -> Iterator[str]:
    address = ipaddress.IPv6Address(short)
    number = int(address)
    tail = ipaddress.IPv4Address(number & 0xFFFF_FFFF)
    head = ":".join(address.exploded.split(":")[:6])
    yield from (
        f"[{short}]",
        f"[{short.upper()}]",
        f"[{address.exploded}]",
        f"[{head}:{tail}]",
        f"[{short}%25eth0]",
        f"[{short}%lo]",
        f"[{short}].",
        short,
    )
