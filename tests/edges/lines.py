"""Header lines that mean nothing, or two things (RFC 9112, section 5; RFC 9110, sections 5 and 7).

Knows names, values and line ends. Refuses to know what frames a body (``framing``).
"""

from __future__ import annotations

from edges.vector import BODY, HOST, LENGTH, POST, Vector, heads, vectors

_TO = POST + HOST

_ENDS = {
    "LF everywhere": b"POST / HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}",
    "LF after the request line": b"POST / HTTP/1.1\n" + HOST + BODY,
    "LF after a line": POST + b"Host: a\n" + BODY,
    "LF after the last line": _TO + b"Content-Length: 2\n\r\n{}",
    "LF for the empty line": _TO + LENGTH + b"\n{}",
    "CR after the request line": b"POST / HTTP/1.1\r" + HOST + BODY,
    "CR after a line": POST + b"Host: a\r" + BODY,
    "CR for the empty line": _TO + LENGTH + b"\r{}",
    "CR CR LF after a line": POST + b"Host: a\r\r\n" + BODY,
    "CR CR LF after the request line": b"POST / HTTP/1.1\r\r\n" + HOST + BODY,
    "CR CR LF for the empty line": _TO + LENGTH + b"\r\r\n{}",
    "LF CR after a line": POST + b"Host: a\n\r" + BODY,
}

_FOLDED = {
    "folded by a space": b"X: b\r\n c",
    "folded by a tab": b"X: b\r\n\tc",
    "folded to nothing": b"X: b\r\n ",
    "folded by a space after LF": b"X: b\n c",
    "folded length": b"X: b\r\n Content-Length: 9",
    "folded from an empty value": b"X:\r\n c",
}

_NAMES = {
    "space before the colon": b"X : b",
    "tab before the colon": b"X\t: b",
    "space in the name": b"X Y: b",
    "no name": b": b",
    "only blanks as name": b" : b",
    "no colon": b"foo",
    "a colon alone": b":",
    "space before the name": b"X: y\r\n Z: b",
    "NUL": b"X\x00: b",
    "NUL as name": b"\x00: b",
    "a control": b"X\x01: b",
    "delete": b"X\x7f: b",
    "a vertical tab": b"X\x0b: b",
    "a high byte": b"X\xe9: b",
    "UTF-8": "Xé: b".encode(),
    "a bracket": b"X(: b",
    "angle brackets": b"<X>: b",
    "at": b"X@Y: b",
    "comma": b"X,Y: b",
    "semicolon": b"X;Y: b",
    "backslash": b"X\\Y: b",
    "slash": b"X/Y: b",
    "square brackets": b"X[Y]: b",
    "equals": b"X=Y: b",
    "question mark": b"X?: b",
    "braces": b"X{Y}: b",
    "quotes": b'"X": b',
}

_VALUES = {
    "NUL": b"X: b\x00c",
    "NUL at the end": b"X: b\x00",
    "NUL alone": b"X: \x00",
    "CR": b"X: b\rc",
    "CR at the start": b"X: \rb",
    "CR and a second line": b"X: b\rContent-Length: 9",
    "LF and a second line": b"X: b\nContent-Length: 9",
    "a control": b"X: b\x01c",
    "a bell": b"X: \x07",
    "escape": b"X: \x1b[31m",
    "a vertical tab": b"X: b\x0bc",
    "a form feed": b"X: b\x0cc",
    "delete": b"X: b\x7fc",
}

_HOSTS = {
    "missing": b"",
    "twice": b"Host: a\r\nHost: b\r\n",
    "twice, equal": HOST + HOST,
    "twice, one empty": b"Host: a\r\nHost: \r\n",
    "twice, in other case": b"Host: a\r\nHOST: b\r\n",
    "twice, apart": b"Host: a\r\nAccept: */*\r\nHost: b\r\n",
    "a list": b"Host: a, b\r\n",
    "a list without blanks": b"Host: a,b\r\n",
    "a space": b"Host: a b\r\n",
    "a tab": b"Host: a\tb\r\n",
    "a path": b"Host: a/b\r\n",
    "a query": b"Host: a?b\r\n",
    "a fragment": b"Host: a#b\r\n",
    "a user": b"Host: u@a\r\n",
    "a user and a password": b"Host: u:p@a\r\n",
    "a scheme": b"Host: http://a\r\n",
    "a backslash": b"Host: a\\b\r\n",
    "quotes": b'Host: "a"\r\n',
    "angle brackets": b"Host: <a>\r\n",
    "a port of letters": b"Host: a:b\r\n",
    "two ports": b"Host: a:1:2\r\n",
    "a port below zero": b"Host: a:-1\r\n",
    "a port of six digits": b"Host: a:123456\r\n",
    "a high byte": b"Host: \xe9\r\n",
    "a control": b"Host: a\x01\r\n",
    "NUL": b"Host: a\x00b\r\n",
    "an open bracket": b"Host: [::1\r\n",
    "a closed bracket": b"Host: ::1]\r\n",
    "a name in brackets": b"Host: [a]x\r\n",
    "an address without brackets": b"Host: ::1\r\n",
    "braces": b"Host: {a}\r\n",
    "a caret": b"Host: a^b\r\n",
}

_UNDERSCORES = (
    *(b"Content_Length: 9", b"Transfer_Encoding: chunked", b"X_Client_IP: 1.2.3.4"),
    *(b"X_Forwarded_For: 1.2.3.4", b"X-Forwarded_For: 1.2.3.4", b"x_forwarded_for: 1.2.3.4"),
    *(b"X_Forwarded_Host: b", b"X_Forwarded_Proto: https", b"X_Real_IP: 1.2.3.4"),
    *(b"x_api_key: k", b"X-Api_Key: k", b"X_Request_Id: 1", b"Content_Encoding: gzip"),
    *(b"Content_Type: text/plain", b"True_Client_IP: 1.2.3.4", b"CF_Connecting_IP: 1.2.3.4"),
    *(b"Idempotency_Key: 1", b"X_Forwarded: for=1.2.3.4", b"X_Original_URL: /admin"),
)
"""A name with ``_`` is a token (RFC 9110, 5.1) and CGI reads it as ``-`` (RFC 3875, 4.1.18)."""

LINES = (
    *vectors("9112 2.2", ((f"line end: {name}", raw) for name, raw in _ENDS.items())),
    *heads("9112 5.2", _TO, _FOLDED.items()),
    *heads("9112 5.1", _TO, ((f"name: {name}", raw) for name, raw in _NAMES.items())),
    *heads("9110 5.5", _TO, ((f"value: {name}", raw) for name, raw in _VALUES.items())),
    *vectors("9112 3.2", ((f"host: {name}", POST + raw + BODY) for name, raw in _HOSTS.items())),
    *heads("9110 5.1", _TO, ((f"underscore: {raw.decode()}", raw) for raw in _UNDERSCORES)),
    Vector("9112 2.2", "space before the first line", POST + b" Host: a\r\n" + BODY),
    Vector("9112 2.2", "tab before the first line", POST + b"\tHost: a\r\n" + BODY),
    *heads(
        "9110 5.3",
        _TO,
        {
            "credential twice": b"Authorization: Bearer a\r\nAuthorization: Bearer b",
            "credential twice, equal": b"Authorization: Bearer a\r\nAuthorization: Bearer a",
            "key twice": b"X-Api-Key: a\r\nX-Api-Key: b",
            "type twice": b"Content-Type: application/json\r\nContent-Type: text/plain",
        }.items(),
    ),
    *heads(
        "9110 10.1.1",
        _TO,
        {
            "expectation unknown": b"Expect: 200-ok",
            "expectation with junk": b"Expect: 100-continue, x",
            "expectation empty": b"Expect:",
            "expectation before another": b"Expect: y 100-continue",
            "expectation twice": b"Expect: 100-continue\r\nExpect: 100-continue",
        }.items(),
    ),
)
