"""Heads that could mean two things are refused; odd but sound ones are not.

The vectors are written from RFC 9112 (sections 2.2, 3, 5, 6, 7) and RFC 9110 (7.2, 7.8).
"""

from __future__ import annotations

import pytest

from glimway.surface.incoming import Bounds, Incoming, Request
from glimway.wire.refusal import Refusal

POST = b"POST / HTTP/1.1\r\n"
HOST = b"Host: a\r\n"
BODY = b"Content-Length: 2\r\n\r\n{}"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

MALFORMED = {
    "bare LF everywhere": b"POST / HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}",
    "bare LF after a header": POST + b"Host: a\nContent-Length: 2\r\n\r\n{}",
    "bare LF at the end": POST + HOST + b"Content-Length: 2\r\n\n{}",
    "folded header": POST + HOST + b"X: b\r\n c\r\n" + BODY,
    "space before the first header": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "length and transfer coding": POST + HOST + b"Content-Length: 5\r\n" + CHUNKED + b"0\r\n\r\n",
    "length twice, equal": POST + HOST + b"Content-Length: 2\r\n" + BODY,
    "length twice, other": POST + HOST + b"Content-Length: 3\r\n" + BODY,
    "length as a list": POST + HOST + b"Content-Length: 2, 2\r\n\r\n{}",
    "length with a plus": POST + HOST + b"Content-Length: +2\r\n\r\n{}",
    "length below zero": POST + HOST + b"Content-Length: -2\r\n\r\n{}",
    "length in hex": POST + HOST + b"Content-Length: 0x2\r\n\r\n{}",
    "length empty": POST + HOST + b"Content-Length: \r\n\r\n{}",
    "length with an underscore": POST + HOST + b"Content-Length: 1_0\r\n\r\n{}",
    "length beyond 64 bits": POST + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "no host": POST + BODY,
    "two hosts": POST + HOST + b"Host: b\r\n" + BODY,
    "two equal hosts": POST + HOST + HOST + BODY,
    "host with a space": POST + b"Host: a b\r\n" + BODY,
    "host list": POST + b"Host: a,b\r\n" + BODY,
    "host with a path": POST + b"Host: a/b\r\n" + BODY,
    "host with a user": POST + b"Host: u@a\r\n" + BODY,
    "unknown transfer coding": POST + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked after another": POST + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + HOST + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunked quoted": POST + HOST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + b"0\r\n\r\n",
    "chunk size in hex form": POST + HOST + CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "chunk size below zero": POST + HOST + CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    "chunk lines with bare LF": POST + HOST + CHUNKED + b"1\na\n0\n\n",
    "chunk longer than said": POST + HOST + CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "space before the colon": POST + b"Host : a\r\n" + BODY,
    "space in a name": POST + b"Ho st: a\r\n" + BODY,
    "no name": POST + HOST + b": x\r\n" + BODY,
    "no colon": POST + HOST + b"foo\r\n" + BODY,
    "NUL in a value": POST + HOST + b"X: b\x00c\r\n" + BODY,
    "CR in a value": POST + HOST + b"X: b\rc\r\n" + BODY,
    "NUL in a name": POST + HOST + b"X\x00: b\r\n" + BODY,
    "tab between the parts": b"POST\t/ HTTP/1.1\r\n" + HOST + BODY,
    "space before the method": b" GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "method in lower case": b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n\r\n",
    "version 1.2": b"GET / HTTP/1.2\r\n" + HOST + b"\r\n",
    "version 2.0": b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    "version in lower case": b"GET / http/1.1\r\n" + HOST + b"\r\n",
    "relative target": b"GET foo HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a high byte": b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a NUL": b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with a space": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "tunnel": b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "identity with an underscore": POST + HOST + b"X_Forwarded_For: 1.2.3.4\r\n" + BODY,
    "credential with an underscore": POST + HOST + b"x_api_key: k\r\n" + BODY,
    "length by an underscore": POST + HOST + b"Content_Length: 2\r\n\r\n{}",
}

SOUND = {
    "plain": POST + HOST + BODY,
    "empty line before": b"\r\n" + POST + HOST + BODY,
    "no body": b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "host with a port": POST + b"Host: a.b-c:8000\r\n" + BODY,
    "host of numbers": POST + b"Host: [::1]:8000\r\n" + BODY,
    "empty host": POST + b"Host: \r\n" + BODY,
    "absolute target": b"POST http://a/x HTTP/1.1\r\n" + HOST + BODY,
    "query with odd characters": b"POST /?a=b&c[]=%20~! HTTP/1.1\r\n" + HOST + BODY,
    "tabs around a value": POST + b"Host:\t a \t\r\n" + BODY,
    "empty value": POST + HOST + b"X:\r\n" + BODY,
    "Latin-1 in a value": POST + HOST + b"X: caf\xe9\r\n" + BODY,
    "underscore in another name": POST + HOST + b"openai_beta: x\r\n" + BODY,
    "chunk extension": POST + HOST + CHUNKED + b'2;a="b"\r\n{}\r\n0\r\n\r\n',
    "chunk trailer": POST + HOST + CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "chunk size in capitals and zeros": POST + HOST + CHUNKED + b"0002\r\n{}\r\n000\r\n\r\n",
    "coding in capitals": POST + HOST + b"Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "HTTP/1.0 without host": b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
    "offer of h2c": POST
    + HOST
    + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
    + BODY,
}


def read(data: bytes) -> list[Request]:
    return Incoming(Bounds()).feed(data)


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_could_mean_two_things_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        read(raw)
    assert caught.value.kind in ("invalid", "too_large")


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_it_is_refused_however_it_is_cut(raw: bytes) -> None:
    incoming = Incoming(Bounds())
    with pytest.raises(Refusal):
        for at in range(len(raw)):
            incoming.feed(raw[at : at + 1])


@pytest.mark.parametrize("raw", SOUND.values(), ids=SOUND.keys())
def test_what_is_odd_but_sound_is_read(raw: bytes) -> None:
    (request,) = read(raw)
    assert request.body in (b"{}", b"")
