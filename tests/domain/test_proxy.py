from __future__ import annotations

import base64

import pytest

from glimway.domain.proxy import Proxy, read_proxy


@pytest.mark.parametrize(
    ("text", "host", "port", "said"),
    [
        ("http://proxy.example:3128", "proxy.example", 3128, None),
        ("http://proxy.example:3128/", "proxy.example", 3128, None),
        ("HTTP://Proxy.Example:3128", "proxy.example", 3128, None),
        ("proxy.example:3128", "proxy.example", 3128, None),
        ("proxy", "proxy", 80, None),
        ("http://10.0.0.1", "10.0.0.1", 80, None),
        ("http://[fd00::1]:3128", "fd00::1", 3128, None),
        ("http://user:pass@proxy:3128", "proxy", 3128, b"user:pass"),
        ("user:pass@proxy:3128", "proxy", 3128, b"user:pass"),
        ("http://user@proxy:3128", "proxy", 3128, b"user:"),
        ("http://us%3Aer:p%40ss@proxy:3128", "proxy", 3128, b"us:er:p@ss"),
        ("http://u:p@q@proxy:3128", "proxy", 3128, b"u:p@q"),
        ("http://%c3%a9:%f0%9f%92%a9@proxy:1", "proxy", 1, "é:💩".encode()),
        ("http://u%0d%0ahost:p@proxy:1", "proxy", 1, b"u\r\nhost:p"),
    ],
)
def test_a_proxy_is_read(text: str, host: str, port: int, said: bytes | None) -> None:
    proxy = read_proxy(text)
    assert (proxy.host, proxy.port) == (host, port)
    if said is None:
        assert proxy.authorization == ""
    else:
        kind, _, coded = proxy.authorization.partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(coded) == said


@pytest.mark.parametrize(
    "text",
    [
        *("", "http://", "http://:80", "http://p:99999", "http://p:x", "https://p", "socks5h://p"),
        *("http://p/x", "http://p?x", "http://p#x", "http://p q", "http://pé", "http://p\n"),
        *("http://[::1", "http://127.1", "http://p..q", "file:///p", "://p"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        read_proxy(text)


def test_a_password_is_never_shown() -> None:
    proxy = read_proxy("http://canary:canary@[fd00::1]:3128")
    assert repr(proxy) == str(proxy) == "Proxy('[fd00::1]:3128')"
    assert proxy.place == "[fd00::1]:3128"
    assert Proxy("p", 1) != Proxy("p", 1, "Basic x")
    for wrong in ("https://canary:canary@p", "http://canary:canary@p/x", "canary:canary@p:x"):
        with pytest.raises(ValueError, match=" ") as told:
            read_proxy(wrong)
        assert "canary" not in str(told.value)
