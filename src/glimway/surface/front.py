"""The page at ``/``: what this server is and where its API begins.

Knows a few lines of HTML. Refuses to know who looks at it: it shows nothing that is not public.
"""

from __future__ import annotations

from glimway import __version__

HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
"""No script, no frame, and an address with a one-time link in it goes nowhere."""

PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glimway</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto }}
code {{ background: #8882; padding: .1em .3em; border-radius: .2em }}
@media (prefers-color-scheme: dark) {{
body {{ background: #111; color: #ddd }} a {{ color: #9cf }}
}}
</style>
<h1>Glimway {__version__}</h1>
<p>The server is running. Clients use the base URL <code>/v1</code> of this address with an API
key.</p>
<ul>
<li>Chat completions: <code>POST /v1/chat/completions</code>
<li>Models: <code>GET /v1/models</code>
<li>A request's receipt: <code>GET /v1/generations/&lt;id&gt;</code>
<li>Administration: <code>/admin/v1</code> with the administrator's key, or the command
<code>glimway keys</code>
<li>Health: <a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a>
</ul>
</html>
""".encode()
