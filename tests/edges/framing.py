"""Requests whose end could be found in two places (RFC 9112, section 6).

Knows lengths and transfer codings. Refuses to know chunks (``chunking``) and other header lines.
"""

from __future__ import annotations

from edges.vector import BODY, CHUNKED, CODED, HOST, LENGTH, POST, Vector, vectors

_TO = POST + HOST
_SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"

_LENGTHS = {
    "empty": b"",
    "only blanks": b" \t ",
    "a plus": b"+2",
    "a minus": b"-2",
    "minus zero": b"-0",
    "hex": b"0x2",
    "octal": b"0o2",
    "binary": b"0b10",
    "underscore": b"1_0",
    "a fraction": b"2.0",
    "an exponent": b"2e0",
    "a space between the digits": b"1 2",
    "a tab between the digits": b"1\t2",
    "a comma after": b"2,",
    "a comma before": b",2",
    "a list of equals": b"2, 2",
    "a list of others": b"2, 3",
    "a list without blanks": b"2,2",
    "a semicolon": b"2;",
    "quotes": b'"2"',
    "a letter after": b"2a",
    "letters": b"two",
    "NUL after": b"2\x00",
    "a vertical tab before": b"\x0b2",
    "a form feed before": b"\x0c2",
    "a no-break space before": b"\xa02",
    "Arabic digits": "\N{ARABIC-INDIC DIGIT TWO}".encode(),
    "full-width digits": "\N{FULLWIDTH DIGIT TWO}".encode(),
    "superscript": b"\xb2",
    "beyond 64 bits": b"18446744073709551618",
    "beyond 128 bits": b"340282366920938463463374607431768211458",
    "five thousand digits": b"9" * 5000,
    "infinity": b"inf",
    "not a number": b"NaN",
}

_CODINGS = {
    "unknown": b"xchunked",
    "identity": b"identity",
    "empty": b"",
    "gzip": b"gzip",
    "chunked, then gzip": b"chunked, gzip",
    "gzip, then chunked": b"gzip, chunked",
    "chunked twice in a list": b"chunked, chunked",
    "chunked and identity": b"chunked, identity",
    "identity and chunked": b"identity, chunked",
    "a comma before": b", chunked",
    "a comma after": b"chunked,",
    "quotes": b'"chunked"',
    "single quotes": b"'chunked'",
    "a parameter": b"chunked;q=1",
    "an empty parameter": b"chunked;",
    "a suffix": b"chunkedx",
    "a shorter word": b"chunke",
    "a space inside": b"chun ked",
    "a vertical tab before": b"\x0bchunked",
    "a vertical tab after": b"chunked\x0b",
    "a form feed after": b"chunked\x0c",
    "NUL after": b"chunked\x00",
    "NUL before": b"\x00chunked",
    "a no-break space after": b"chunked\xa0",
    "a dotless letter": "chunKed".replace("K", "\u212a").encode(),
    "a line separator": "chunked\u2028".encode(),
    "a backspace": b"chunked\x08",
    "delete": b"chunked\x7f",
    "a name as value": b"Transfer-Encoding: chunked",
}

FRAMING = (
    *(
        Vector("9110 8.6", f"length: {name}", _TO + b"Content-Length: " + value + b"\r\n\r\n{}")
        for name, value in _LENGTHS.items()
    ),
    *(
        Vector(
            "9112 6.1",
            f"coding: {name}",
            _TO + b"Transfer-Encoding: " + value + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        )
        for name, value in _CODINGS.items()
    ),
    *vectors(
        "9112 6.3",
        {
            "length, then coding": _TO + LENGTH + CHUNKED + b"0\r\n\r\n",
            "coding, then length": _TO + CODED + LENGTH + b"\r\n0\r\n\r\n",
            "length zero and coding": _TO + b"Content-Length: 0\r\n" + CHUNKED + b"0\r\n\r\n",
            "length with a request inside, and coding": _TO
            + b"Content-Length: %d\r\n" % (5 + len(_SMUGGLED))
            + CHUNKED
            + b"0\r\n\r\n"
            + _SMUGGLED,
            "length, and a coding in capitals": _TO
            + LENGTH
            + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n",
            "length, and a coding with a tab": _TO
            + LENGTH
            + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
            "length, and an unknown coding": _TO
            + LENGTH
            + b"Transfer-Encoding: xchunked\r\n\r\n{}",
            "length twice, equal": _TO + LENGTH + BODY,
            "length twice, other": _TO + b"Content-Length: 3\r\n" + BODY,
            "length twice, in other case": _TO + b"content-length: 0\r\n" + BODY,
            "length twice, apart": _TO + LENGTH + b"Accept: */*\r\n" + BODY,
            "length thrice": _TO + LENGTH + LENGTH + BODY,
            "length of a GET twice": b"GET / HTTP/1.1\r\n" + HOST + LENGTH + BODY,
        }.items(),
    ),
    *vectors(
        "9112 6.1",
        {
            "coding twice": _TO + CODED + CHUNKED + b"0\r\n\r\n",
            "coding twice, the other unknown": _TO
            + b"Transfer-Encoding: x\r\n"
            + CHUNKED
            + b"0\r\n\r\n",
            "coding twice, the other identity": _TO
            + CODED
            + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            "coding in HTTP/1.0": b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + b"0\r\n\r\n",
            "coding and length in HTTP/1.0": b"POST / HTTP/1.0\r\n"
            + HOST
            + LENGTH
            + CHUNKED
            + b"0\r\n\r\n",
            "gzip of a GET": b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
        }.items(),
    ),
)
