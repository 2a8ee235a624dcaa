"""Requests that are almost right, made from a seed.

Knows how a request is written and many ways to write it wrongly. Refuses to say which of them are
wrong: whoever reads the bytes must say so, and two that read them must agree.

Bodies are made of requests, so that whoever takes the end of a body for another place runs into
one that nobody has sent.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

ODD = (b"\x00", b"\r", b"\n", b"\r\n", b" ", b"\t", b"\x0b", b"\x7f", b"\x80", b"\xff", b":", b",")

METHODS = b"GET POST HEAD OPTIONS PUT DELETE PATCH TRACE CONNECT PRI get P@ST".split()

TARGETS = (
    b"/|*|/a?b|/a b|/a#b|//a|/%00|/..|a|/\x80|/a\tb|http://a/|http://a|HTTP://a/x|https://a@b/|"
    b"http:///|?x|"
).split(b"|")

VERSIONS = (
    b"HTTP/1.1|HTTP/1.0|HTTP/1.2|HTTP/0.9|HTTP/2.0|http/1.1|HTTP/1.10|HTTP/01.1|HTTP/1,1|HTTP/1.1 |"
    b"HTTP /1.1|HTTP/|"
).split(b"|")

HOSTS = b"a|a:80|[::1]||a b|a,b|a/b|u@a|a:80:80|a:x|\x00".split(b"|")

LENGTHS = (
    b"+%d|-%d|0x%d|%d, %d|%d,|0%d| %d|%d\t|%d_0|%d.0|1e%d|%d\x00|%d;||99999999999999999999%d|"
    b'\x0b%d|"%d"|%d %d'
).split(b"|")

CODINGS = (
    b"chunked|Chunked|CHUNKED |\tchunked|xchunked|chunkedx|identity|chunked, identity|,chunked|"
    b"identity, chunked|gzip, chunked|chunked, chunked|chunked;q=1|\x0bchunked|chu nked|"
    b'chunked\x00|"chunked"||chunked,'
).split(b"|")

NAMES = (
    b"Content-Length|Transfer-Encoding|content_length|Transfer_Encoding|Content-Length |TE|X\x80|"
    b"Transfer-Encoding\t| Transfer-Encoding|Transfer-Encoding\x00|Connection|Expect|Upgrade|Host|"
    b"Trailer||X-Seen|Keep-Alive"
).split(b"|")

VALUES = (
    b"close|keep-alive|upgrade|100-continue|h2c|websocket|trailers|0|chunked|content-length|x\x00y|"
    b"x\ry|x\r\n y|x\ny|\xff|" + b"x" * 300
).split(b"|")

SIZES = (
    b'0x%x|+%x|-%x| %x|%x |%x;a|%x;a="b"|%x;\x00|%x;a\rb|%x\t|0000000000%x|ffffffffffffffff%x|%xg|'
    b"%x;\n||%x,%x|1%x|%x\r"
).split(b"|")

TRAILERS = (
    b"X: y\r\n|Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n|Host: b\r\n| x\r\n|x\r\n|"
    b"X: y\n|X : y\r\n|\x00: y\r\n|X-Seen: y\r\n"
).split(b"|")

COLONS = b":| : |:\t|:  || |:\r\n |=|:\x0b".split(b"|")

ENDS = b"\n|\r|\r\r\n|\n\r\n|\x0b\r\n|\r\n\r\n|".split(b"|")


@dataclass
class Draft:
    """A request in parts; each part is written as it stands."""

    method: bytes = b"GET"
    target: bytes = b"/"
    version: bytes = b"HTTP/1.1"
    lines: list[list[bytes]] = field(default_factory=lambda: [[b"Host", b": ", b"a", b"\r\n"]])
    """Name, what parts it from the value, value, and the line's end."""
    body: list[bytes] = field(default_factory=list)

    def write(self) -> bytes:
        """The bytes."""
        start = b" ".join((self.method, self.target, self.version)) + b"\r\n"
        head = b"".join(b"".join(line) for line in self.lines)
        return start + head + b"\r\n" + b"".join(self.body)

    def add(self, chance: random.Random, name: bytes, value: bytes) -> None:
        """One more line, anywhere."""
        self.lines.insert(chance.randint(0, len(self.lines)), [name, b": ", value, b"\r\n"])


def hidden(number: int) -> bytes:
    """What a body says: a request, should anybody take it for one."""
    return b"GET /hidden/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number


def _good(chance: random.Random, number: int) -> Draft:
    """One without a fault: no body, one with its length, or one in chunks."""
    draft = Draft(target=b"/sent/%d" % number)
    kind = chance.randrange(5)
    if kind == 0:
        return draft
    draft.method = b"POST"
    text = hidden(number)[: chance.choice((0, 1, 5, 100, 100))]
    if kind < 3:
        draft.add(chance, b"Content-Length", b"%d" % len(text))
        draft.body = [text]
        return draft
    draft.add(chance, b"Transfer-Encoding", b"chunked")
    at = chance.randint(0, len(text))
    for piece in filter(None, (text[:at], text[at:])):
        draft.body += [b"%x" % len(piece), b"\r\n", piece, b"\r\n"]
    draft.body += [b"0", b"\r\n", b"\r\n"]
    return draft


def _filled(chance: random.Random, forms: list[bytes], size: int) -> bytes:
    form = chance.choice(forms)
    return form % ((size,) * (form.count(b"%d") + form.count(b"%x")))


def _start(chance: random.Random, draft: Draft) -> None:
    what = chance.randrange(3)
    if what == 0:
        draft.method = chance.choice(METHODS)
    elif what == 1:
        draft.target = chance.choice(TARGETS)
    else:
        draft.version = chance.choice(VERSIONS)


def _framing(chance: random.Random, draft: Draft) -> None:
    """A length or a coding more, or another in its place."""
    size = sum(map(len, draft.body))
    if chance.random() < 0.5:
        name, value = b"Content-Length", b"%d" % (size + chance.choice((0, 0, 1, -1, 40)))
        if chance.random() < 0.6:
            value = _filled(chance, LENGTHS, size)
    else:
        name, value = b"Transfer-Encoding", chance.choice(CODINGS)
    same = [line for line in draft.lines if line[0] == name]
    if same and chance.random() < 0.5:
        same[0][2] = value
    else:
        draft.add(chance, name, value)


def _line(chance: random.Random, draft: Draft) -> None:
    """A line written in another way, twice, or not at all."""
    if not draft.lines:
        return
    at = chance.randrange(len(draft.lines))
    line = draft.lines[at]
    what = chance.randrange(8)
    if what == 0:
        draft.lines.insert(chance.randint(0, len(draft.lines)), list(line))
    elif what == 1:
        del draft.lines[at]
    elif what == 2:
        line[0] = chance.choice((line[0].upper(), line[0].replace(b"-", b"_"), line[0] + b" "))
    elif what == 3:
        line[1] = chance.choice(COLONS)
    elif what == 4:
        line[3] = chance.choice(ENDS)
    elif what == 5:
        line[2] += chance.choice((b" ", b"\t", b"\x00", b"\r\n x", b", x", b"\x80"))
    elif what == 6:
        line[2] = chance.choice(HOSTS)
    else:
        chance.shuffle(draft.lines)


def _more_lines(chance: random.Random, draft: Draft) -> None:
    draft.add(chance, chance.choice(NAMES), chance.choice(VALUES))


def _chunks(chance: random.Random, draft: Draft) -> None:
    """A chunk's size, end or trailer."""
    if len(draft.body) < 3:
        _framing(chance, draft)
        return
    sizes = list(range(0, len(draft.body) - 1, 4))
    at = chance.choice(sizes)
    what = chance.randrange(4)
    if what == 0:
        draft.body[at] = _filled(chance, SIZES, len(draft.body[at + 2]))
    elif what == 1:
        draft.body[at + 1] = chance.choice(ENDS)
    elif what == 2:
        draft.body[-1] = chance.choice(TRAILERS) + draft.body[-1]
    else:
        draft.body[chance.randrange(len(draft.body))] += chance.choice(ODD)


SHAPES: tuple[Callable[[random.Random, Draft], None], ...] = (
    *(_start, _framing, _framing, _framing, _line, _line, _more_lines, _chunks, _chunks),
)


def _bytes(chance: random.Random, raw: bytes) -> bytes:
    """One place in the bytes changed, whatever stands there."""
    at = chance.randrange(len(raw) + 1)
    what = chance.randrange(4)
    if what == 0:
        return raw[:at] + chance.choice(ODD) + raw[at:]
    if what == 1:
        return raw[:at] + raw[at + chance.choice((1, 1, 2, 9)) :]
    if what == 2:
        return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
    return raw[:at] + raw[at : at + 20] + raw[at:]


def mutated(seed: int, number: int) -> bytes:
    """Request ``number`` of a seed: mostly one with one to three faults, then a sound one."""
    chance = random.Random(f"{seed}/{number}")
    draft = _good(chance, number)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3))):
        chance.choice(SHAPES)(chance, draft)
    raw = draft.write()
    if chance.random() < 0.25:
        raw = _bytes(chance, raw)
    return raw + b"GET /behind/%d HTTP/1.1\r\nHost: a\r\n\r\n" % number
