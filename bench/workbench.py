"""What a run needs before any gateway starts: the programs, the stub, and the stub behind TLS.

Knows gcc, openssl and nginx as a TLS front. Refuses to know what is compared with what.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from servers import BenchError, Server, free_port, start

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

Side = Literal["plain", "tls"]
"""How a gateway reaches the provider."""

NGINX = """\
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
user root;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_buffer_size 256k;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream provider {{
        server 127.0.0.1:{provider_port};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} {listen};
        {tls}
        location / {{
            proxy_pass {scheme}://provider;
            proxy_http_version 1.1;
            proxy_set_header connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Workbench:
    """Where everything of one run is. All of it lies in one temporary folder."""

    folder: Path
    load: Path
    stub_port: int
    tls_port: int
    authority: Path
    """The certificate that signed the TLS front's."""
    glimway: Path
    """The command line of the gateway under test: the only place that names it."""

    def provider_port(self, side: Side) -> int:
        """The stub's port, plain or behind TLS."""
        return self.tls_port if side == "tls" else self.stub_port

    def provider_url(self, side: Side) -> str:
        """The stub's base URL, plain or behind TLS."""
        scheme = "https" if side == "tls" else "http"
        return f"{scheme}://127.0.0.1:{self.provider_port(side)}/v1"


def need(program: str) -> str:
    """The path of an installed program, or a BenchError that names the package."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if not found:
        raise BenchError(f"{program} is needed: install the package of that name")
    return found


def command(*parts: str | Path, cwd: Path | None = None) -> str:
    """Run a program to its end and give its output. Raises BenchError with what it said."""
    line = [str(part) for part in parts]
    done = subprocess.run(line, capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(line)} failed:\n{done.stdout}{done.stderr}".strip())
    return done.stdout


@dataclass(frozen=True)
class Proxy:
    """An nginx that passes everything on to one port."""

    port: int
    provider_port: int
    takes: Side = "plain"
    """What its callers speak to it."""
    speaks: Side = "plain"
    """What it speaks to the provider, whose certificate it then checks."""


def start_nginx(name: str, folder: Path, proxy: Proxy) -> Server:
    """Start nginx in the foreground with one worker.

    ``folder`` holds authority.pem, server.pem and server.key where TLS is spoken.
    """
    front = f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;"
    provider = (
        f"proxy_ssl_trusted_certificate {folder}/authority.pem; proxy_ssl_verify on; "
        "proxy_ssl_name 127.0.0.1; proxy_ssl_session_reuse on;"
    )
    text = NGINX.format(
        port=proxy.port,
        provider_port=proxy.provider_port,
        listen="ssl" if proxy.takes == "tls" else "",
        scheme="https" if proxy.speaks == "tls" else "http",
        tls=(front if proxy.takes == "tls" else "") + (provider if proxy.speaks == "tls" else ""),
    )
    prefix = folder / name
    prefix.mkdir(exist_ok=True)
    config = prefix / "nginx.conf"
    config.write_text(text)
    nginx = need("nginx")
    return start(name, [nginx, "-e", "stderr", "-p", str(prefix), "-c", str(config)], prefix, {})


def _certificates(folder: Path) -> None:
    """An authority and a certificate for 127.0.0.1, both valid for two days."""
    (folder / "names").write_text(
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
    )
    openssl = need("openssl")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    # fmt: off
    command(openssl, "req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench authority",
            "-keyout", "authority.key", "-out", "authority.pem", cwd=folder)
    command(openssl, "req", *curve, "-subj", "/CN=127.0.0.1",
            "-keyout", "server.key", "-out", "server.csr", cwd=folder)
    command(openssl, "x509", "-req", "-in", "server.csr", "-days", "2", "-CAcreateserial",
            "-CA", "authority.pem", "-CAkey", "authority.key",
            "-extfile", "names", "-out", "server.pem", cwd=folder)
    # fmt: on


def prepare(folder: Path, stack: ExitStack, glimway: Path, sides: Collection[Side]) -> Workbench:
    """Compile the programs, start the stub and, where a side is TLS, its TLS front.

    Their end is the stack's. Raises BenchError.
    """
    compiler = need("gcc")
    for name in ("stub", "load", "rest"):
        flags = ("-O2", "-Wall", "-Wextra", "-Werror")
        command(compiler, *flags, "-o", folder / name, HERE / f"{name}.c")
    stub = stack.enter_context(start("stub", [str(folder / "stub")], folder, {}))
    stub_port = int(stub.wait_log(r"^(\d+)\n"))
    tls_port = free_port()
    if "tls" in sides:
        _certificates(folder)
        stack.enter_context(
            start_nginx("tls-front", folder, Proxy(tls_port, stub_port, takes="tls"))
        )
    return Workbench(
        folder, folder / "load", stub_port, tls_port, folder / "authority.pem", glimway
    )
