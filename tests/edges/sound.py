"""Requests that are odd and yet mean one thing only: they must be read.

Knows what RFC 9112 and 9110 allow. Refuses to know what is answered.
"""

from __future__ import annotations

from edges.vector import BODY, CHUNKED, CHUNKS, HOST, LENGTH, POST, Vector, heads, vectors

_TO = POST + HOST
_GET = b"GET / HTTP/1.1\r\n"

_TARGETS = {
    "absolute": b"http://a/x",
    "absolute with a port": b"http://a:8000/x",
    "absolute, scheme in capitals": b"HTTP://a/x",
    "absolute without a path": b"http://a",
    "absolute, secure": b"https://a/x",
    "two slashes": b"//a",
    "dots": b"/../a/./b",
    "brackets in the query": b"/?a=b&c[]=%20~!",
    "a question mark in the query": b"/?a=?&b=/",
    "per cent": b"/%00%2e%2F",
    "half a per cent": b"/%",
    "quotes": b"/\"'",
    "angle brackets": b"/<a>",
    "a backslash inside": b"/a\\b",
    "two thousand letters": b"/" + b"a" * 2000,
    "a colon": b"/a:b",
}

_LINES = {
    "tabs around a value": b"X:\t b \t",
    "no blank after the colon": b"X:b",
    "an empty value": b"X:",
    "a value of blanks": b"X: \t ",
    "Latin-1 in a value": b"X: caf\xe9",
    "UTF-8 in a value": "X: café".encode(),
    "a tab in a value": b"X: a\tb",
    "a colon in a value": b"X: a: b",
    "every mark of a name": b"!#$%&'*+-.^`|~9aZ: b",
    "an underscore in another name": b"openai_beta: x",
    "one line twice": b"Accept: a\r\nAccept: b",
    "a list of addresses twice": b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8",
    "names in capitals": b"ACCEPT: */*",
    "a long value": b"X: " + b"y" * 8000,
    "connection close": b"Connection: close",
    "connection with a list": b"Connection: keep-alive, x",
    "connection that names a credential": b"Connection: authorization\r\nAuthorization: Bearer k",
    "offer of h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM",
    "offer of a websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
    "an offer without the word connection": b"Upgrade: h2c",
    "TE": b"TE: trailers, deflate;q=0.5",
    "a trailer told ahead": b"Trailer: X",
    "expectation": b"Expect: 100-continue",
    "expectation in capitals": b"Expect: 100-CONTINUE",
}

_CHUNKS = {
    "plain": b"2\r\n{}\r\n0\r\n\r\n",
    "empty": b"0\r\n\r\n",
    "byte by byte": b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "zeros before a size": b"0002\r\n{}\r\n000\r\n\r\n",
    "size in capitals": b"A\r\n{        }\r\n0\r\n\r\n",
    "size in lower case": b"a\r\n{        }\r\n0\r\n\r\n",
    "an extension": b"2;a\r\n{}\r\n0\r\n\r\n",
    "an extension with a value": b"2;a=b\r\n{}\r\n0\r\n\r\n",
    "an extension in quotes": b'2;a="b c"\r\n{}\r\n0\r\n\r\n',
    "two extensions": b'2;a=b;c="d"\r\n{}\r\n0\r\n\r\n',
    "an extension of the last chunk": b"2\r\n{}\r\n0;a=b\r\n\r\n",
    "a trailer": b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
    "two trailers": b"2\r\n{}\r\n0\r\nX: y\r\nZ: w\r\n\r\n",
    "line ends as data": b"4\r\n\r\n{}\r\n0\r\n\r\n",
}

SOUND = (
    Vector("9112 6.3", "plain", _TO + BODY),
    Vector("9112 6.3", "no body", _GET + HOST + b"\r\n"),
    Vector("9112 6.3", "POST without a length", _TO + b"\r\n"),
    Vector("9112 6.3", "length zero", _TO + b"Content-Length: 0\r\n\r\n"),
    Vector("9112 6.3", "length with zeros before", _TO + b"Content-Length: 0002\r\n\r\n{}"),
    Vector("9112 6.3", "length between tabs", _TO + b"Content-Length:\t2\t\r\n\r\n{}"),
    Vector("9110 9.3.1", "GET with a body", _GET + HOST + BODY),
    Vector("9110 9.3.2", "HEAD", b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n"),
    Vector("9110 9.3.7", "OPTIONS for all", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"),
    Vector("9112 2.2", "empty line before", b"\r\n" + _TO + BODY),
    Vector("9112 2.2", "empty lines before", b"\r\n\r\n" + _TO + BODY),
    Vector("9112 2.2", "empty line before, ended by LF", b"\n" + _TO + BODY),
    Vector("9112 2.3", "HTTP/1.0 without host", b"POST / HTTP/1.0\r\n" + BODY),
    Vector("9112 9.3", "HTTP/1.0 kept", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    Vector("9112 6.1", "coding in capitals", _TO + CHUNKS.upper()),
    Vector("9112 6.1", "coding behind a tab", _TO + CHUNKS.replace(b": chunked", b":\tchunked")),
    *(
        Vector("9112 3.2", f"target: {name}", b"POST " + target + b" HTTP/1.1\r\n" + HOST + BODY)
        for name, target in _TARGETS.items()
    ),
    *heads("9112 5", _TO, ((f"line: {name}", raw) for name, raw in _LINES.items())),
    *vectors(
        "9112 3.2",
        {
            "host with a port": POST + b"Host: a.b-c:8000\r\n" + BODY,
            "host with an empty port": POST + b"Host: a:\r\n" + BODY,
            "host of numbers": POST + b"Host: 127.0.0.1:8000\r\n" + BODY,
            "host in brackets": POST + b"Host: [::1]:8000\r\n" + BODY,
            "host with an underscore": POST + b"Host: my_service:80\r\n" + BODY,
            "host with per cent": POST + b"Host: a%20b\r\n" + BODY,
            "empty host": POST + b"Host:\r\n" + BODY,
            "host last": POST + LENGTH + HOST + b"\r\n{}",
            "host in other case": POST + b"hOST: a\r\n" + BODY,
        }.items(),
    ),
    *(Vector("9112 7.1", f"chunks: {name}", _TO + CHUNKED + raw) for name, raw in _CHUNKS.items()),
)
