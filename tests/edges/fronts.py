"""nginx and HAProxy in front of a server, as forgiving as they can be set.

Knows their configuration. Refuses to let a client speak for them: what they have understood of a
request they say in headers that they alone set, and in their own books.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from glimway.surface.request import Request
from kit.process import Process

START_S = 10.0
PATIENCE_S = 2
"""For the rest of a request; a half closed connection is not waited for."""
SEEN, SEEN_BODY = b"x-seen", b"x-seen-body"
"""The front's own number for a request; HAProxy also says what the body was."""

NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
    log_format seen escape=json
        '{{"id":"$request_id","upstream":"$upstream_status","body":"$request_body"}}';
    access_log seen.log seen;
    client_header_timeout {patience_s}s;
    client_body_timeout {patience_s}s;
    keepalive_timeout {patience_s}s;
    client_body_buffer_size 256k;
    client_body_in_single_buffer on;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    ignore_invalid_headers off;
    underscores_in_headers on;
    merge_slashes off;
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_next_upstream off;
            proxy_ignore_client_abort on;
            proxy_request_buffering {buffering};
            proxy_set_header connection "";
            proxy_set_header x-seen $request_id;
        }}
    }}
}}
"""

HAPROXY = """
global
    stats socket {folder}/stats level user
    maxconn 2048
    insecure-fork-wanted
defaults
    mode http
    timeout connect {patience_s}s
    timeout client {patience_s}s
    timeout server 10s
    timeout http-request {patience_s}s
    option http-buffer-request
frontend front
    bind 127.0.0.1:{port}
    option accept-invalid-http-request
    http-request set-header x-seen %[uuid()]
    http-request set-header x-seen-body %[req.body,sha1,hex]
    default_backend behind
backend behind
    http-reuse always
    server one 127.0.0.1:{behind}
"""


@dataclass(frozen=True)
class Front:
    """A proxy that runs."""

    kind: str
    port: int
    folder: Path

    def disagreements(self, read: list[Request]) -> Iterator[str]:
        """Where the front and the server behind it understood something else.

        Args:
            read: every request that the server has answered with 200.
        """
        ids = []
        for one in read:
            said = [value for name, value in one.headers if name == SEEN]
            if len(said) != 1:
                yield f"nobody has sent {one}"
            ids += said
        if len(set(ids)) != len(ids):
            yield "one request was read twice"
        if self.kind == "haproxy":
            yield from self._by_counters(read)
        else:
            yield from self._by_log({key: one.body for key, one in zip(ids, read, strict=False)})

    def _by_counters(self, read: list[Request]) -> Iterator[str]:
        for one in read:
            digest = hashlib.sha1(one.body).hexdigest().upper().encode()
            if dict(one.headers).get(SEEN_BODY) != digest:
                yield f"another body than HAProxy's in {one}"
        with socket.socket(socket.AF_UNIX) as stats, closing(stats):
            stats.connect(f"{self.folder}/stats")
            stats.sendall(b"show stat\n")
            text = stats.makefile().read().removeprefix("# ")
        (row,) = [one for one in csv.DictReader(text.splitlines()) if one["svname"] == "one"]
        if int(row["hrsp_2xx"]) != len(read):
            yield f"HAProxy has heard {row['hrsp_2xx']} answers to {len(read)} requests"

    def _by_log(self, bodies: dict[bytes, bytes]) -> Iterator[str]:
        # In this text "splitlines" would see ends where bodies have bytes such as 0x85.
        lines = (self.folder / "seen.log").read_bytes().decode("latin-1").split("\n")
        rows = [json.loads(line, strict=False) for line in lines if line]
        answered = {row["id"].encode(): row for row in rows if row["upstream"] == "200"}
        if answered.keys() != bodies.keys():
            yield f"nginx has heard {len(answered)} answers to {len(bodies)} requests"
        if self.kind == "nginx":  # one that does not keep a body does not know it afterwards
            for key, row in answered.items():
                if row["body"].encode("latin-1") != bodies.get(key):
                    yield f"another body than nginx's {row}"


@contextmanager
def front(kind: str, behind: int, folder: Path) -> Iterator[Front]:
    """Run a proxy.

    Args:
        kind: ``nginx``, ``nginx-unbuffered`` (bodies pass through as they come) or ``haproxy``.
        behind: the server's port.
        folder: for its files.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shape = HAPROXY if kind == "haproxy" else NGINX
    text = shape.format(
        port=port,
        behind=behind,
        folder=folder,
        patience_s=PATIENCE_S,
        buffering="on" if kind == "nginx" else "off",
    )
    file = folder / "front.conf"
    file.write_text(text)
    program = shutil.which(kind.partition("-")[0], path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")
    assert program is not None, f"{kind} is missing"
    options: list[str | Path] = (
        ["-db", "-f", file] if kind == "haproxy" else ["-p", folder, "-c", file]
    )
    with Process([program, *options], folder=folder) as process:
        for _ in range(int(START_S / 0.02)):
            with socket.socket() as knock:
                knock.settimeout(START_S)
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.running, process.said
            time.sleep(0.02)
        yield Front(kind, port, folder)
