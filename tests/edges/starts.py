"""Request lines that are none (RFC 9112, section 3; RFC 9110, sections 2.5 and 9).

Knows methods, targets and versions. Refuses to know header lines.
"""

from __future__ import annotations

from edges.vector import BODY, HOST, Vector, vectors

_REST = HOST + b"\r\n"

_LINES = {
    "two spaces before the target": b"GET  / HTTP/1.1",
    "two spaces before the version": b"GET /  HTTP/1.1",
    "a space after the version": b"GET / HTTP/1.1 ",
    "a tab after the version": b"GET / HTTP/1.1\t",
    "words after the version": b"GET / HTTP/1.1 x",
    "a space before the method": b" GET / HTTP/1.1",
    "a tab before the method": b"\tGET / HTTP/1.1",
    "a tab before the target": b"GET\t/ HTTP/1.1",
    "a tab before the version": b"GET /\tHTTP/1.1",
    "a vertical tab before the target": b"GET\x0b/ HTTP/1.1",
    "a form feed before the version": b"GET /\x0cHTTP/1.1",
    "a no-break space": b"GET\xa0/ HTTP/1.1",
    "no version": b"GET /",
    "no target": b"GET HTTP/1.1",
    "an empty target": b"GET  HTTP/1.1",
    "only a method": b"GET",
    "only a version": b"HTTP/1.1",
    "a colon": b"GET: / HTTP/1.1",
    "a header in its place": b"Host: a",
    "a status line": b"HTTP/1.1 200 OK",
    "a byte order mark": b"\xef\xbb\xbfGET / HTTP/1.1",
    "a NUL before": b"\x00GET / HTTP/1.1",
}

_METHODS = {
    "lower case": b"get / HTTP/1.1",
    "mixed case": b"Get / HTTP/1.1",
    "NUL": b"GE\x00T / HTTP/1.1",
    "a bracket": b"GET( / HTTP/1.1",
    "quotes": b'"GET" / HTTP/1.1',
    "a slash": b"GET/ / HTTP/1.1",
    "a high byte": b"G\xc9T / HTTP/1.1",
    "at": b"@GET / HTTP/1.1",
    "a comma": b"GET,POST / HTTP/1.1",
    "a control": b"GET\x01 / HTTP/1.1",
    "of another protocol": b"EHLO a",
    "ten thousand letters": b"G" * 10_000 + b" / HTTP/1.1",
}

_TARGETS = {
    "relative": b"foo",
    "a dot": b".",
    "a fragment": b"/a#b",
    "a fragment alone": b"#",
    "a fragment after a query": b"/a?b#c",
    "a space": b"/a b",
    "NUL": b"/\x00",
    "NUL in the query": b"/?a=\x00",
    "a tab": b"/a\tb",
    "CR": b"/a\rb",
    "a control": b"/\x01",
    "escape": b"/\x1b",
    "delete": b"/\x7f",
    "a high byte": b"/\xff",
    "UTF-8": "/é".encode(),
    "a high byte in the query": b"/?q=\xe9",
    "a query alone": b"?a=b",
    "a backslash in front": b"\\a",
    "an asterisk and more": b"*a",
    "a double asterisk": b"**",
    "another scheme": b"ftp://a/",
    "a scheme without slashes": b"http:/a",
    "a scheme without a host": b"http:///a",
    "a scheme without anything": b"http://",
    "a file": b"file:///etc/passwd",
    "a script": b"javascript:alert(1)",
    "a user in the authority": b"http://u@a/",
    "an authority with a space": b"http://a b/",
    "an authority with a port of letters": b"http://a:b/",
    "an authority with a list": b"http://a,b/",
    "a bare authority": b"a:443",
}

_VERSIONS = {
    "1.2": b"HTTP/1.2",
    "1.9": b"HTTP/1.9",
    "0.9": b"HTTP/0.9",
    "2.0": b"HTTP/2.0",
    "2": b"HTTP/2",
    "3.0": b"HTTP/3.0",
    "9.9": b"HTTP/9.9",
    "1": b"HTTP/1",
    "1.": b"HTTP/1.",
    ".1": b"HTTP/.1",
    "1.01": b"HTTP/1.01",
    "01.1": b"HTTP/01.1",
    "1.10": b"HTTP/1.10",
    "1.1.1": b"HTTP/1.1.1",
    "1,1": b"HTTP/1,1",
    "1_1": b"HTTP/1_1",
    "minus": b"HTTP/-1.1",
    "letters": b"HTTP/x.y",
    "lower case": b"http/1.1",
    "mixed case": b"Http/1.1",
    "no slash": b"HTTP1.1",
    "a space inside": b"HTTP/1. 1",
    "a space after the slash": b"HTTP/ 1.1",
    "another protocol": b"HTTPS/1.1",
    "RTSP": b"RTSP/1.0",
    "ICE": b"ICE/1.0",
    "a longer name": b"XHTTP/1.1",
    "superscript": b"HTTP/1.\xb9",
    "NUL": b"HTTP/1.1\x00",
}

_FOREIGN = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an SSLv2 hello": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a SOCKS greeting": b"\x05\x01\x00",
    "a PROXY line": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a PROXY header in version 2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c",
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.2\r\n",
    "JSON": b'{"model": "m"}\r\n\r\n',
    "zeros": b"\x00" * 64,
    "high bytes": b"\xff" * 64,
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "mail": b"EHLO a\r\nMAIL FROM:<a@b>\r\n\r\n",
}

STARTS = (
    *vectors("9112 3", ((f"line: {n}", line + b"\r\n" + _REST) for n, line in _LINES.items())),
    *vectors(
        "9110 9.1", ((f"method: {n}", line + b"\r\n" + _REST) for n, line in _METHODS.items())
    ),
    *(
        Vector("9112 3.2", f"target: {name}", b"GET " + target + b" HTTP/1.1\r\n" + _REST)
        for name, target in _TARGETS.items()
    ),
    *(
        Vector("9112 2.3", f"version: {name}", b"POST / " + version + b"\r\n" + HOST + BODY)
        for name, version in _VERSIONS.items()
    ),
    Vector("9112 3.2.3", "tunnel", b"CONNECT a:443 HTTP/1.1\r\n" + _REST),
    Vector("9112 3.2.3", "tunnel to a path", b"CONNECT / HTTP/1.1\r\n" + _REST),
    Vector("9112 3.2.4", "asterisk for a GET", b"GET * HTTP/1.1\r\n" + _REST),
    Vector("9112 3.2.4", "asterisk for a POST", b"POST * HTTP/1.1\r\n" + HOST + BODY),
    *vectors("9112 2.2", _FOREIGN.items()),
)
