"""Chunked bodies that two readers could cut in two ways (RFC 9112, section 7.1).

Knows chunk sizes, extensions and trailers. Refuses to know heads.
"""

from __future__ import annotations

from edges.vector import CHUNKED, HOST, POST, Vector

_HEAD = POST + HOST + CHUNKED
_END = b"0\r\n\r\n"

_SIZES = {
    "hex prefix": b"0x2\r\n{}\r\n" + _END,
    "hex prefix in capitals": b"0X2\r\n{}\r\n" + _END,
    "a plus": b"+2\r\n{}\r\n" + _END,
    "a minus": b"-2\r\n{}\r\n" + _END,
    "a space before": b" 2\r\n{}\r\n" + _END,
    "a tab before": b"\t2\r\n{}\r\n" + _END,
    "an underscore": b"0_2\r\n{}\r\n" + _END,
    "a comma": b"2,2\r\n{}\r\n" + _END,
    "quotes": b'"2"\r\n{}\r\n' + _END,
    "no digits": b"\r\n{}\r\n" + _END,
    "a letter beyond f": b"g\r\n{}\r\n" + _END,
    "a fraction": b"2.0\r\n{}\r\n" + _END,
    "seventeen digits": b"10000000000000002\r\n{}\r\n" + _END,
    "thirty-two digits": b"f" * 32 + b"\r\n{}\r\n" + _END,
    "NUL after": b"2\x00\r\n{}\r\n" + _END,
    "a vertical tab after": b"2\x0b\r\n{}\r\n" + _END,
    "a high byte": b"\xb2\r\n{}\r\n" + _END,
    "an asterisk": b"*\r\n{}\r\n" + _END,
}

_ENDS = {
    "size line ended by LF": b"2\n{}\r\n" + _END,
    "size line ended by CR": b"2\r{}\r\n" + _END,
    "size line ended by CR CR LF": b"2\r\r\n{}\r\n" + _END,
    "data ended by LF": b"2\r\n{}\n" + _END,
    "data ended by CR": b"2\r\n{}\r" + _END,
    "data ended by CR and a letter": b"2\r\n{}\rX" + _END,
    "data ended by nothing": b"2\r\n{}" + _END,
    "data ended by LF CR": b"2\r\n{}\n\r" + _END,
    "longer than said": b"1\r\n{}\r\n" + _END,
    "shorter than said": b"3\r\n{}\r\n" + _END,
    "one byte of junk after the data": b"2\r\n{}x\r\n" + _END,
    "blank between data and end": b"2\r\n{} \r\n" + _END,
    "last chunk ended by LF": b"2\r\n{}\r\n0\n\r\n",
    "trailers ended by LF": b"2\r\n{}\r\n0\r\n\n",
    "all lines ended by LF": b"2\n{}\n0\n\n",
    "last chunk ended by CR": b"2\r\n{}\r\n0\r\r\n",
}

_EXTENSIONS = {
    "ended by LF": b"2;a\n{}\r\n" + _END,
    "a request behind a LF": b"2;\nxx\r\n4c\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
    "CR inside": b"2;a\rb\r\n{}\r\n" + _END,
    "NUL inside": b"2;a\x00\r\n{}\r\n" + _END,
    "LF inside quotes": b'2;a="b\nc"\r\n{}\r\n' + _END,
    "CR LF inside quotes": b'2;a="b\r\nc"\r\n{}\r\n' + _END,
    "quotes never closed": b'2;a="b\r\n{}\r\n' + _END,
    "junk after quotes": b'2;a="b"c\r\n{}\r\n' + _END,
    "of the last chunk, ended by LF": b"2\r\n{}\r\n0;a\n\r\n",
    "without a semicolon": b"2 a=b\r\n{}\r\n" + _END,
    "a letter at once": b"2z\r\n{}\r\n" + _END,
    "a name with a high byte": b"2;\xff=1\r\n{}\r\n" + _END,
    "a name with a control": b"2;a\x01=1\r\n{}\r\n" + _END,
    "a value with a bracket": b"2;a={\r\n{}\r\n" + _END,
}

_TRAILERS = {
    "no colon": b"0\r\nfoo\r\n\r\n",
    "no name": b"0\r\n: x\r\n\r\n",
    "a space before the colon": b"0\r\nX : y\r\n\r\n",
    "ended by LF": b"0\r\nX: y\n\r\n",
    "folded": b"0\r\nX: y\r\n z\r\n\r\n",
    "NUL": b"0\r\nX: a\x00b\r\n\r\n",
    "CR": b"0\r\nX: a\rb\r\n\r\n",
    "a length": b"0\r\nContent-Length: 5\r\n\r\n",
    "a coding": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a host": b"0\r\nHost: b\r\n\r\n",
    "a credential": b"0\r\nAuthorization: Bearer k\r\n\r\n",
    "where it came from": b"0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
}

CHUNKING = (
    *(Vector("9112 7.1", f"chunk size: {name}", _HEAD + raw) for name, raw in _SIZES.items()),
    *(Vector("9112 7.1", f"chunk: {name}", _HEAD + raw) for name, raw in _ENDS.items()),
    *(Vector("9112 7.1.1", f"extension: {name}", _HEAD + raw) for name, raw in _EXTENSIONS.items()),
    *(
        Vector("9112 7.1.2", f"trailer: {name}", _HEAD + b"2\r\n{}\r\n" + raw)
        for name, raw in _TRAILERS.items()
    ),
)
