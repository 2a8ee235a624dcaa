from __future__ import annotations

import pytest

from glimway.config.addresses import base_url_complaint, reach_of


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("localhost", "loopback"),
        ("LOCALHOST.", "loopback"),
        ("a.localhost", "loopback"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.0.1", "private"),
        ("169.254.169.254", "private"),
        ("100.64.0.1", "private"),
        ("0.0.0.0", "private"),
        ("::", "private"),
        ("fd00::1", "private"),
        ("fe80::1%eth0", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("224.0.0.1", "private"),
        ("vllm", "private"),
        ("gpu.lan", "private"),
        ("gpu.svc.cluster.local", "private"),
        ("metadata.google.internal", "private"),
        ("8.8.8.8", "public"),
        ("2606:4700::1111", "public"),
        ("172.32.0.1", "public"),
        ("api.z.ai", "public"),
        ("local.example", "public"),
    ],
)
def test_hosts_lie_where_their_name_says(host: str, reach: str) -> None:
    assert reach_of(host) == reach


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://api.z.ai/api/paas/v4", False),
        ("https://api.z.ai", False),
        ("https://api.z.ai:8443/v1/", False),
        ("https://8.8.8.8/v1", False),
        ("HTTPS://API.Z.AI/v1", False),
        ("http://127.0.0.1:9900/v1", True),
        ("http://[::1]:9900/v1", True),
        ("http://vllm:8000/v1", True),
        ("http://gpu.corp.example/v1", True),
        ("https://10.0.0.1/v1", True),
        ("https://api.z.ai/v1", True),
    ],
)
def test_urls_that_can_be_used(url: str, private: bool) -> None:
    assert base_url_complaint(url, private=private) is None


@pytest.mark.parametrize(
    ("url", "private", "told"),
    [
        ("http://127.0.0.1/v1", False, '"127.0.0.1" is on this machine; add private = true'),
        ("https://[::1]/v1", False, '"::1" is on this machine; add private = true'),
        ("http://vllm:8000/v1", False, '"vllm" is on a private network; add private = true'),
        ("https://192.168.1.1", False, '"192.168.1.1" is on a private network; add private'),
        ("https://[::ffff:10.0.0.1]/", False, '"::ffff:10.0.0.1" is on a private network; add'),
        ("http://api.z.ai/v1", False, "would send keys and prompts in the clear (http); write"),
        ("http://8.8.8.8/v1", True, '"8.8.8.8" is a public address without encryption; write'),
        ("https://u:p@api.z.ai/v1", False, "holds a user name or a password; take it out"),
        ("https://@api.z.ai/v1", False, "holds a user name or a password; take it out"),
        ("https://api.z.ai/v1?x=1", False, "holds a query or a fragment; end the URL with"),
        ("https://api.z.ai/v1?", False, "holds a query or a fragment; end the URL with"),
        ("https://api.z.ai/v1#x", False, "holds a query or a fragment; end the URL with"),
        ("ftp://api.z.ai/v1", False, '"ftp://api.z.ai/v1" is not an http or https URL; write'),
        ("api.z.ai/v1", False, '"api.z.ai/v1" is not an http or https URL; write https://'),
        ("https:///v1", False, '"https:///v1" is not an http or https URL; write https://'),
        ("https://api.z.ai:x/v1", False, '"https://api.z.ai:x/v1" is not a URL; write https'),
        ("https://api.z.ai:0/v1", False, '"https://api.z.ai:0/v1" names no host that can be'),
        ("https://[::1/v1", False, '"https://[::1/v1" is not a URL; write https://HOST/PATH'),
        ("https://a b/v1", False, "holds a space or a letter that no URL has; write it"),
        ("https://bücher.example/v1", False, "holds a space or a letter that no URL has"),
        ("https://a\x00b/v1", False, "holds a space or a letter that no URL has; write it"),
        ("https://2130706433/v1", True, '"https://2130706433/v1" names no host that can be'),
        ("https://0x7f.1/v1", True, '"https://0x7f.1/v1" names no host that can be called'),
        ("https://127.1/v1", True, '"https://127.1/v1" names no host that can be called'),
        ("https://-a-.example", False, '"https://-a-.example" names no host that can be called'),
        ("https://a..example", False, '"https://a..example" names no host that can be called'),
        (
            "https://api.z.ai/api/paas/v4/chat/completions",
            False,
            (
                "ends in /chat/completions, which is added to it; write everything before it: "
                '"https://api.z.ai/api/paas/v4"'
            ),
        ),
        ("https://a.example/v1/messages/", False, "ends in /messages, which is added to it"),
    ],
)
def test_urls_that_cannot_be_used_are_explained(url: str, private: bool, told: str) -> None:
    complaint = base_url_complaint(url, private=private)
    assert complaint is not None
    assert f"{complaint.message}; {complaint.mend}".startswith(told)
