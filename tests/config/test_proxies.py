"""Whose word about a proxy counts, and what may stand where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from glimway.config.assemble import assemble
from glimway.config.load import Reading
from glimway.config.proxies import surroundings
from glimway.config.shipped import Shipped
from glimway.domain.proxy import Proxy

Read = Callable[..., Reading]

KEY = {"ZAI_API_KEY": "k"}
ZAI = '[[providers]]\nid = "zai"\n'
RACK = """\
[[providers]]
id = "rack"
profile = "vllm"
base_url = "http://127.0.0.1:9900/v1"
private = true
"""


@pytest.fixture
def proxy(read: Read, shipped: Shipped) -> Callable[..., Proxy | None]:
    def of(provider: str, text: str | None, environ: dict[str, str] | None = None) -> Any:
        config = read(text, {**KEY, **(environ or {})}).usable()
        return assemble(config, shipped).providers[provider].proxy

    return of


Of = Callable[..., Proxy | None]


def test_without_any_word_there_is_none(proxy: Of) -> None:
    assert proxy("zai", ZAI) is None
    assert proxy("zai", None) is None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_surroundings_are_believed(proxy: Of, variable: str) -> None:
    for text in (ZAI, None):
        found = proxy("zai", text, {variable: "http://proxy.example:3128/"})
        assert found == Proxy("proxy.example", 3128)


def test_each_word_counts_more_than_those_farther_away(proxy: Of) -> None:
    environ = {"HTTPS_PROXY": "http://far:1", "FILE": "http://us:er@file:3"}
    client = '[client]\nproxy = "http://client:2"\n'
    assert proxy("zai", ZAI, environ) == Proxy("far", 1)
    assert proxy("zai", client + ZAI, environ) == Proxy("client", 2)
    environ["GLIMWAY_CLIENT__PROXY"] = "variable:4"
    assert proxy("zai", client + ZAI, environ) == Proxy("variable", 4)
    own = client + ZAI + 'proxy = { env = "FILE" }\n'
    assert proxy("zai", own, environ) == Proxy("file", 3, "Basic dXM6ZXI=")


def test_each_word_can_say_that_there_shall_be_none(proxy: Of) -> None:
    environ = {"HTTPS_PROXY": "http://far:1"}
    assert proxy("zai", ZAI + 'proxy = "none"\n', environ) is None
    assert proxy("zai", '[client]\nproxy = "none"\n' + ZAI, environ) is None
    assert proxy("zai", ZAI, {**environ, "GLIMWAY_CLIENT__PROXY": "none"}) is None
    own = '[client]\nproxy = "none"\n' + ZAI + 'proxy = "http://own:5"\n'
    assert proxy("zai", own, environ) == Proxy("own", 5)


def test_a_private_provider_has_only_the_proxy_that_it_names(proxy: Of) -> None:
    environ = {"HTTP_PROXY": "http://far:1", "ALL_PROXY": "http://far:1"}
    environ |= {"http_proxy": "http://far:1"}
    client = '[client]\nproxy = "http://client:2"\n'
    assert proxy("rack", client + RACK, environ) is None
    assert proxy("rack", client + RACK + 'proxy = "http://own:5"\n', environ) == Proxy("own", 5)


@pytest.mark.parametrize(
    ("environ", "http", "https"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "a"}, "a", None),
        ({"HTTPS_PROXY": "a"}, None, "a"),
        ({"ALL_PROXY": "a"}, "a", "a"),
        ({"ALL_PROXY": "a", "HTTP_PROXY": "b"}, "b", "a"),
        ({"all_proxy": "a", "ALL_PROXY": "b"}, "a", "a"),
        ({"https_proxy": "a", "HTTPS_PROXY": "b"}, None, "a"),
        ({"https_proxy": "", "HTTPS_PROXY": "b"}, None, "b"),
        ({"https_proxy": "  "}, None, None),
        # In a program that the web server starts for a request, this one is the client's word.
        ({"HTTP_PROXY": "a", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "a", "REQUEST_METHOD": "GET"}, "a", None),
    ],
)
def test_the_small_spelling_comes_before_the_capital_one(
    environ: dict[str, str], http: str | None, https: str | None
) -> None:
    around = surroundings(environ)
    found = [around.proxy_for(f"{scheme}://api.z.ai/v1") for scheme in ("http", "https")]
    assert [one.reveal() if one else None for one in found] == [http, https]


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("*", "https://api.z.ai/v1", True),
        ("z.ai", "https://api.z.ai/v1", True),
        (".z.ai", "https://api.z.ai/v1", True),
        (".z.ai", "https://z.ai/v1", True),
        ("*.z.ai", "https://api.z.ai/v1", True),
        ("API.Z.AI", "https://api.z.ai/v1", True),
        ("api.z.ai.", "https://api.z.ai/v1", True),
        ("api.z.ai", "https://api.z.ai./v1", True),
        ("api.z.ai:443", "https://api.z.ai/v1", True),
        ("api.z.ai:80", "http://api.z.ai/v1", True),
        ("other.example, z.ai", "https://api.z.ai/v1", True),
        ("other.example z.ai", "https://api.z.ai/v1", True),
        ("10.0.0.0/8", "https://10.1.2.3/v1", True),
        ("10.1.2.3", "https://10.1.2.3/v1", True),
        ("10.1.2.3:8443", "https://10.1.2.3:8443/v1", True),
        ("fd00::/8", "https://[fd00::7]/v1", True),
        ("fd00::7", "https://[fd00:0::7]/v1", True),
        ("[fd00::7]:8443", "https://[fd00::7]:8443/v1", True),
        ("", "https://api.z.ai/v1", False),
        (",", "https://api.z.ai/v1", False),
        ("ai", "https://api.z.ai/v1", True),
        ("i.z.ai", "https://api.z.ai/v1", False),
        ("api.z", "https://api.z.ai/v1", False),
        ("api.z.ai:8443", "https://api.z.ai/v1", False),
        ("10.0.0.0/8", "https://11.1.2.3/v1", False),
        ("10.0.0.0/99", "https://10.1.2.3/v1", False),
        ("10.0.0.0/8", "https://api.z.ai/v1", False),
        ("1.2.3", "https://10.1.2.3/v1", False),
        ("fd00::8", "https://[fd00::7]/v1", False),
        ("[fd00::7]:1", "https://[fd00::7]:8443/v1", False),
    ],
)
def test_no_proxy_is_read_as_everywhere(no_proxy: str, url: str, direct: bool) -> None:
    around = surroundings({"ALL_PROXY": "http://p:1", "NO_PROXY": no_proxy})
    assert (around.proxy_for(url) is None) == direct


def test_no_proxy_is_about_the_surroundings_alone(proxy: Of) -> None:
    environ = {"HTTPS_PROXY": "http://far:1", "NO_PROXY": "z.ai"}
    assert proxy("zai", ZAI, environ) is None
    assert proxy("zai", '[client]\nproxy = "http://client:2"\n' + ZAI, environ) is not None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('"socks5://p:1"', "is a socks5 proxy; only http proxies can be used; write"),
        ('"https://p:1"', "is a https proxy; only http proxies can be used; write"),
        ('"ftp://p:1"', 'is not the URL of an http proxy; write "http://HOST:PORT", or "none" to'),
        ('"http://"', "is not the URL of an http proxy; write"),
        ('"http://p:0"', "is not the URL of an http proxy; write"),
        ('"http://0x7f.1:80"', "is not the URL of an http proxy; write"),
        ('"http://p:x"', "is not a URL; write"),
        ('"http://p:1/path"', "has a path, which no proxy has; write"),
        ('"http://p q"', "holds a space or a letter that no URL has; write"),
        ('"http://canary:canary@p:1"', "holds a user name or a password; write proxy = {"),
        ("7", 'is 7; write proxy = { env = "NAME" }'),
        ('{ env = "NOT_SET_HERE" }', "NOT_SET_HERE is not set; set it in the environment"),
        ('{ env = "WRONG_PROXY" }', "is a socks5 proxy; only http proxies can be used; write"),
    ],
)
def test_what_cannot_be_a_proxy_is_told(read: Read, line: str, told: str) -> None:
    environ = {**KEY, "WRONG_PROXY": "socks5://canary:canary@p:1"}
    for text, where in (
        (f"[client]\nproxy = {line}\n", "2: client.proxy"),
        (f"{ZAI}proxy = {line}\n", "3: providers[0].proxy"),
    ):
        (problem,) = read(text, environ).problems
        assert str(problem).startswith(f"glimway.toml:{where}")
        assert told in str(problem)
        assert "canary" not in str(problem)


def test_variables_that_cannot_be_used_are_told_where_they_matter(read: Read) -> None:
    wrong = {**KEY, "ALL_PROXY": "socks5://us:canary@p:1"}
    (problem,) = read(ZAI, wrong).problems
    assert str(problem) == (
        "environment: ALL_PROXY: is a socks5 proxy; only http proxies can be used; "
        "write http://HOST:PORT, or add client.proxy to glimway.toml ('none': use none)"
    )
    (problem,) = read(None, wrong).problems
    assert problem.key == "ALL_PROXY"
    for text in (RACK, '[client]\nproxy = "none"\n' + ZAI, ZAI + 'proxy = "http://own:5"\n', ""):
        assert not read(text, wrong).problems, text
    (problem,) = read(ZAI, {**KEY, "GLIMWAY_CLIENT__PROXY": "socks5://us:canary@p"}).problems
    assert problem.key == "GLIMWAY_CLIENT__PROXY"


def test_nothing_shows_a_proxy_s_password(read: Read) -> None:
    environ = {
        **KEY,
        "HTTPS_PROXY": "http://us:canary@p:1",
        "GLIMWAY_CLIENT__PROXY": "http://us:canary@p:1",
        "OWN": "http://us:canary@p:1",
    }
    reading = read(ZAI + 'proxy = { env = "OWN" }\n', environ)
    assert not reading.problems
    assert "canary" not in repr(reading)


def test_a_client_s_authority_is_tried_at_once(read: Read, tmp_path: Any) -> None:
    damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (tmp_path / "damaged.pem").write_text(damaged)
    for name, told in (
        ("none.pem", "No such file or directory"),
        ("glimway.toml", "it holds no certificate"),
        ("damaged.pem", "a certificate in it is damaged"),
    ):
        mend = "give the path of a PEM file of the authority"
        (problem,) = read(f'[client]\nca_file = "{name}"\n').problems
        said = f'client.ca_file: "{name}" cannot be used: {told}; {mend}'
        assert str(problem) == f"glimway.toml:2: {said}"
        (problem,) = read("", {"GLIMWAY_CLIENT__CA_FILE": name}).problems
        assert str(problem).startswith("environment: GLIMWAY_CLIENT__CA_FILE: ")
        (problem,) = read(f'{ZAI}ca_file = "{name}"\n', KEY).problems
        assert f'"{name}" cannot be used: {told}' in str(problem)
