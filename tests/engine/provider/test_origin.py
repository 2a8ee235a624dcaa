from __future__ import annotations

import pytest

from glimway.domain.proxy import read_proxy
from glimway.engine.provider.origin import origin_of

PROXY = read_proxy("http://us:er@proxy:3128")


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority", "place"),
    [
        ("https://api.z.ai/v1/", "api.z.ai", 443, "/v1", "api.z.ai", "api.z.ai:443"),
        ("https://API.Z.AI", "api.z.ai", 443, "", "api.z.ai", "api.z.ai:443"),
        ("https://api.z.ai.:8443/", "api.z.ai.", 8443, "", "api.z.ai:8443", "api.z.ai:8443"),
        ("http://10.0.0.1:80/v1", "10.0.0.1", 80, "/v1", "10.0.0.1", "10.0.0.1:80"),
        ("http://10.0.0.1:443/v1", "10.0.0.1", 443, "/v1", "10.0.0.1:443", "10.0.0.1:443"),
        ("https://[fd00::1]/v1", "fd00::1", 443, "/v1", "[fd00::1]", "[fd00::1]:443"),
        # A zone means something on this machine alone: no peer is told of it.
        ("https://[fe80::1%eth0]:1", "fe80::1%eth0", 1, "", "[fe80::1]:1", "[fe80::1]:1"),
    ],
)
def test_a_base_url_is_read(
    url: str, host: str, port: int, path: str, authority: str, place: str
) -> None:
    origin, found = origin_of(url)
    assert (origin.host, origin.port, found) == (host, port, path)
    assert (origin.authority, origin.place) == (authority, place)
    assert origin.name == host.rstrip(".").partition("%")[0]


def test_a_proxy_that_reads_the_request_is_told_the_whole_url() -> None:
    plain, _ = origin_of("http://rack:9900/v1", private=True, proxy=PROXY)
    assert not plain.tunnelled
    assert plain.target("/v1/x") == "http://rack:9900/v1/x"
    assert plain.proxy_headers() == {"proxy-authorization": "Basic dXM6ZXI="}
    tunnelled, _ = origin_of("https://api.z.ai/v1", proxy=PROXY)
    assert tunnelled.tunnelled
    assert tunnelled.target("/v1/x") == "/v1/x"
    assert tunnelled.proxy_headers() == {}
    direct, _ = origin_of("http://rack:9900/v1", private=True)
    assert direct.target("/v1/x") == "/v1/x"
    assert direct.proxy_headers() == {}
    open_proxy, _ = origin_of("http://rack", proxy=read_proxy("proxy"))
    assert open_proxy.proxy_headers() == {}


@pytest.mark.parametrize(
    "url",
    [
        *("", "api.z.ai", "ftp://api.z.ai", "https://", "https:///v1", "https://a b", "https://é"),
        *(
            "https://u@a.example",
            "https://@a.example",
            "https://a.example?x",
            "https://a.example#x",
        ),
        *("https://a.example:0", "https://a.example:x", "https://a.example:99999", "https://[::1"),
        *("https://127.1", "https://a..b", "https://a.example\n", "\thttps://a.example"),
    ],
)
def test_what_may_mean_two_things_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin_of(url)
