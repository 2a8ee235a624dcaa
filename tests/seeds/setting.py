"""The configuration under which the published programs are run.

Knows which model each of them asks for, and has it served by a host of the shape that the program
was written for. Models have ids of their own, so that nothing here hangs on the shipped catalog.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

UNLIMITED = """
[limits.default]
requests_per_minute = 0
burst = 0
tokens_per_minute = 0
concurrency = 0
"""


class Prices(NamedTuple):
    """USD per million tokens."""

    input: str = "0"
    cached: str = "0"
    output: str = "0"


FREE = Prices()
LARGE = Prices("0.43", "0.08", "1.75")
"""Of the model that DeepInfra's commands ask for."""


def provider(name: str, profile: str, url: str, more: str = "") -> str:
    """A provider of the configuration; ``more`` is further TOML of it."""
    return f"""
[[providers]]
id = "{name}"
profile = "{profile}"
base_url = "{url}"
api_key = {{ env = "RACK1_API_KEY" }}
private = true
{more}
"""


def model(name: str, host: str, own: str, *aliases: str, prices: Prices = FREE) -> str:
    """A model of the configuration, which ``host`` serves under a name of its own."""
    cost = f'input = "{prices.input}", cached_input = "{prices.cached}", output = "{prices.output}"'
    return f"""
[[models]]
id = "{name}"
aliases = {list(aliases)}
context = 200000
max_output = 131072

  [[models.endpoints]]
  provider = "{host}"
  model = "{own}"
  price = {{ {cost} }}
"""


def configuration(emulated: Callable[[str], str], scripted: str) -> str:
    """The whole file.

    Args:
        emulated: base URL of an emulated host, by its family. Those are ``strict``: they refuse
            what the real ones are known to refuse.
        scripted: base URL of a host that does what a test tells it, behind ``lab/odd``.
    """
    parts = [
        UNLIMITED,
        provider("first", "zai", emulated("zai")),
        provider("second", "deepinfra", emulated("deepinfra")),
        provider("third", "acedata", emulated("acedata")),
        provider("odd", "openai", scripted),
        model("lab/flash", "first", "glm-4.7-flash:strict", "GLM-4.7-Flash"),
        model(
            *("lab/large", "second", "zai-org/GLM-4.7:strict", "zai-org/GLM-4.7", "glm-4.7"),
            prices=LARGE,
        ),
        model("lab/air", "third", "glm-4.5-air:strict", "glm-4.5-air"),
        model("lab/three", "third", "glm-3-turbo", "glm-3-turbo"),
        model("lab/six", "third", "glm-4.6", "glm-4.6"),
        model("lab/five", "third", "glm-5.1", "glm-5.1"),
        model("lab/odd", "odd", "m"),
    ]
    return "".join(parts)
