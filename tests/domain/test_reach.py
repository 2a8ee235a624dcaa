from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.reach import is_host, reach_of, reach_of_address

PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 169.254.0.0 169.254.169.254
    168.63.129.16 172.16.0.0 172.31.255.255 192.0.0.0 192.0.2.7 192.88.99.1 192.168.255.255
    198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255
    :: ::2 ::10.0.0.1 ::ffff:10.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::10.0.0.1 64:ff9b::127.0.0.1
    64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b::1:0:0 100::1 2001::1 2001:1::1 2001:20::1
    2001:db8::1 2002::1 2002:808:808::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254
    fe80::1 febf::1 fec0::1 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    2001:470::5efe:10.0.0.1 2001:470::200:5efe:192.168.0.1 2001:470::5efe:127.0.0.1
""".split()

LOOPBACK = "127.0.0.0 127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1".split()

PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0
    192.0.3.0 192.88.98.255 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1 2c0f::1 3ffe::1
    64:ff9b::8.8.8.8 ::ffff:8.8.8.8 2001:470::5efe:8.8.8.8
""".split()


@pytest.mark.parametrize(
    ("reach", "hosts"), [("private", PRIVATE), ("loopback", LOOPBACK), ("public", PUBLIC)]
)
def test_addresses_lie_where_the_registries_say(reach: str, hosts: list[str]) -> None:
    for host in hosts:
        assert reach_of_address(ipaddress.ip_address(host)) == reach, host
        assert reach_of(host) == reach


@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_calls_otherwise(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """What it calls public may still be private to us, never the other way round."""
    if reach_of_address(address) == "public":
        assert address.is_global or address in ipaddress.ip_network("64:ff9b::/96")
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_in_disguise_is_never_better(address: ipaddress.IPv4Address) -> None:
    inside = reach_of_address(address) != "public"
    for form in (f"::ffff:{address}", f"64:ff9b::{address}", f"2001:470::5efe:{address}"):
        found = reach_of_address(ipaddress.ip_address(form))
        assert (found != "public") == inside, form


@pytest.mark.parametrize(
    "host",
    [
        *("api.z.ai", "vllm", "a-b.c_d.example", "_x.example", "xn--bcher-kva.example", "a."),
        *("8.8.8.8", "::1", "fe80::1%eth0", "64:ff9b::8.8.8.8", "1.example", "0x1.example"),
        "a" * 63 + ".example",
    ],
)
def test_plain_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "a..b", ".a", "a..", "-a.example", "a-.example", "a b", "a/b", "a:b", "a%41.b"),
        *("127.1", "127.0.0.1.", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "1.2.3.4.5"),
        *("api.z.ai.127.0.0.1", "a.1", "a.0x", "127.0.0.1%lo", "a@b"),
        *("\u24d0.example", "\uff11.1.1.1", "a\u3002example"),
        *("a" * 64 + ".example", ".".join(["a" * 50] * 6), "1.2.3.999", "[::1]"),
    ],
)
def test_hosts_that_are_not_plain(host: str) -> None:
    assert not is_host(host)
