"""No request reaches an inside address unless the operator said so.

Sentinels listen on every loopback address, and an audit hook of the interpreter sees each attempt
to connect a socket, wherever to.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import uvloop

from engine.pooled import closing, new_dialer, new_pool
from engine.provider import inside
from engine.provider.names import Names
from engine.stage import Stage
from glimway.config.addresses import base_url_complaint
from glimway.domain.proxy import read_proxy
from glimway.domain.reach import address_of, is_host, reach_of
from glimway.engine.provider.origin import Origin, origin_of
from glimway.wire.refusal import Fault
from kit import answers

WITHIN_S = 5.0


class Attempts:
    """Every address that this process tries to connect to, while it is watched.

    Attempts at addresses beyond this machine are noted and refused, as by a network that is down.
    """

    def __init__(self) -> None:
        self.watched = False
        self.seen: list[str] = []

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook (https://docs.python.org/3/library/audit_events.html); it stays for good,
        so one is shared by all tests."""
        if event != "socket.connect" or not self.watched:
            return
        host = str(arguments[1][0])
        self.seen.append(host)
        address = address_of(host)
        if address is None or not address.is_loopback:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


ATTEMPTS = Attempts()
sys.addaudithook(ATTEMPTS.hook)


@pytest.fixture
def attempts() -> Iterator[Attempts]:
    ATTEMPTS.seen = []
    ATTEMPTS.watched = True
    yield ATTEMPTS
    ATTEMPTS.watched = False


class Sentinels:
    """Listeners on all addresses of this machine, at one port; nobody may knock."""

    def __init__(self) -> None:
        self._listeners = [socket.socket(socket.AF_INET), socket.socket(socket.AF_INET6)]
        four, six = self._listeners
        four.bind(("0.0.0.0", 0))
        self.port = four.getsockname()[1]
        try:
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::", self.port))
        except OSError:  # a machine without IPv6: there is nothing to stand sentinel for
            self._listeners.remove(six)
            six.close()
        for listener in self._listeners:
            listener.listen(128)
            listener.setblocking(False)

    def knocks(self) -> int:
        """Connections since the last look."""
        count = 0
        for listener in self._listeners:
            while True:
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    break
                count += 1
        return count

    def close(self) -> None:
        """Listen no more."""
        for listener in self._listeners:
            listener.close()


@pytest.fixture
def sentinels() -> Iterator[Sentinels]:
    sentinels = Sentinels()
    yield sentinels
    assert sentinels.knocks() == 0
    sentinels.close()


FORMS = sorted(set(inside.hosts()))


def leads_inside() -> Names:
    """Every name leads to one inside address after the other."""
    every = (*inside.INSIDE_4, *inside.INSIDE_6)
    known = {f"rebind-{at}.example": [[host]] for at, host in enumerate(every)}
    return Names(known, other=every)


async def dial(origin: Origin, names: Names) -> Fault | None:
    """The fault of one dial; None: it connected."""
    try:
        async with closing(new_pool(origin, new_dialer(names.resolver()))) as pool:
            await pool.dial(WITHIN_S)
    except Fault as fault:
        return fault
    return None


def test_there_are_more_than_six_hundred_forms() -> None:
    assert len(FORMS) > 600


def test_no_form_of_an_inside_address_is_connected_to(
    sentinels: Sentinels, attempts: Attempts
) -> None:
    """As a base URL that the configuration let pass by mistake."""
    read = 0

    async def main() -> None:
        nonlocal read
        names = leads_inside()
        for host in FORMS:
            for url in inside.urls(host, sentinels.port):
                try:
                    origin, _ = origin_of(url)
                except ValueError:
                    continue
                read += 1
                fault = await dial(origin, names)
                assert fault is not None, url
                assert fault.kind == "unreachable"
                assert "is not marked private" in fault.detail, (url, fault.detail)

    uvloop.run(main())
    assert read > 200, "the guard itself was hardly asked"
    assert attempts.seen == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_guard_holds_without_anything_before_it(
    sentinels: Sentinels, attempts: Attempts, scheme: str
) -> None:
    """The host as it stands, as if no reader of URLs had looked at it."""

    async def main() -> None:
        names = leads_inside()
        for form in FORMS:
            for host in {form, form.strip("[]"), form.replace("%25", "%").strip("[]")}:
                if not host:
                    continue
                fault = await dial(Origin(scheme, host, sentinels.port), names)
                assert fault is not None, host
                assert fault.kind == "unreachable"

    uvloop.run(main())
    # 010.000.000.001 is 8.0.0.1 to every resolver: the guard judges what is connected to.
    assert {reach_of(host) for host in attempts.seen} <= {"public"}
    assert len(attempts.seen) < 20


def test_tricks_with_the_rest_of_a_url_lead_nowhere(
    sentinels: Sentinels, attempts: Attempts
) -> None:
    async def main() -> None:
        names = leads_inside()
        for url in inside.tricks(sentinels.port):
            try:
                origin, _ = origin_of(url)
            except ValueError:
                continue
            assert await dial(origin, names) is not None, url

    uvloop.run(main())
    assert attempts.seen == []


def test_a_proxy_is_not_asked_for_a_host_that_says_that_it_lies_inside(
    sentinels: Sentinels, attempts: Attempts
) -> None:
    proxy = read_proxy(f"http://127.0.0.1:{sentinels.port}")
    asked = 0

    async def main() -> None:
        nonlocal asked
        for host in FORMS:
            for url in inside.urls(host, 443):
                try:
                    origin, _ = origin_of(url, proxy=proxy)
                except ValueError:
                    continue
                if reach_of(origin.host) == "public":
                    continue  # a name that only the proxy can look up
                asked += 1
                fault = await dial(origin, Names())
                assert fault is not None
                assert "is not marked private" in fault.detail

    uvloop.run(main())
    assert asked > 100
    assert attempts.seen == []


def test_the_configuration_refuses_them_where_it_can_see_it() -> None:
    public = set()
    for host in FORMS:
        for url in inside.urls(host, 443):
            if base_url_complaint(url, private=False) is None:
                public.add(host.strip("[]").rstrip("."))
    assert all(name.endswith(".example") or name in inside.NAMES for name in public), public
    left = [url for url in inside.tricks(443) if base_url_complaint(url, private=False) is None]
    assert left == []


def test_whoever_reads_a_base_url_reads_the_same() -> None:
    """A URL that the configuration takes, the dialer takes too, and reads the same host."""
    for url in (*inside.tricks(443), *(url for host in FORMS for url in inside.urls(host, 443))):
        if base_url_complaint(url, private=True) is None:
            origin, _ = origin_of(url)
            assert is_host(origin.host)
        else:
            with pytest.raises(ValueError, match=r"."):
                origin_of(url)


def test_a_private_provider_may_be_called_and_is(attempts: Attempts) -> None:
    """The sentinels and the hook do see what is let pass."""
    sentinels = Sentinels()

    async def main() -> None:
        for host in ("127.0.0.1", "rack"):
            names = Names({"rack": [["127.0.0.1"]]})
            assert await dial(Origin("http", host, sentinels.port, private=True), names) is None

    uvloop.run(main())
    assert attempts.seen == ["127.0.0.1"] * 2
    assert sentinels.knocks() == 2
    sentinels.close()


def test_a_name_that_moves_inside_is_followed_no_more(
    sentinels: Sentinels, attempts: Attempts
) -> None:
    """Rebinding: what was checked is what is connected to, and each new look-up is checked anew."""
    names = Names({"moves.example": [["8.8.8.8"], ["127.0.0.1"], ["8.8.4.4", "127.0.0.1"]]})
    origin = Origin("https", "moves.example", sentinels.port)

    async def main() -> list[str]:
        dialer = new_dialer(names.resolver(ttl_s=0.0))
        told = []
        for _ in range(3):
            with pytest.raises(Fault) as caught:
                await new_pool(origin, dialer).dial(WITHIN_S)
            told.append(caught.value.detail)
        return told

    first, second, third = uvloop.run(main())
    assert names.asked == ["moves.example"] * 3, "one look-up for each connection, and no other"
    assert attempts.seen == ["8.8.8.8", "8.8.4.4"]
    assert first == f"connect: 8.8.8.8:{sentinels.port} Network is unreachable"
    assert second == (
        "name 'moves.example' leads to this machine or a private network (127.0.0.1), "
        "and the provider is not marked private"
    )
    assert third == f"connect: 8.8.4.4:{sentinels.port} Network is unreachable"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 305])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_redirects_are_not_followed(
    stage: Stage, sentinels: Sentinels, status: int, stream: bool
) -> None:
    location = f"http://127.0.0.1:{sentinels.port}/v1/chat/completions"
    stage.provider.script(answers.whole(b"{}", status, {"location": location}))
    with stage.arrivals() as arrived:
        response = stage.call(stream=stream)
    assert response.status >= 500
    assert len(arrived) == 1
    (attempt,) = stage.receipt(response)["attempts"]
    assert attempt["status"] == status
