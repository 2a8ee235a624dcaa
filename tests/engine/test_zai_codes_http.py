"""Z.ai's business codes: what each leads to, whatever status it comes with.

Over real sockets, with a host that speaks as Z.ai does and another behind it.
Source: https://docs.z.ai/api-reference/api-code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.steps import Step

CONFIG = """
[[providers]]
id = "zai"
profile = "zai"
base_url = "{first}/api/paas/v4"
private = true
api_key = {{ env = "Z_KEY" }}

[[providers]]
id = "other"
profile = "openai"
base_url = "{second}/v1"
private = true

[[models]]
id = "lab/m"
  [[models.endpoints]]
  provider = "zai"
  model = "m"
  price = {{ input = "1", output = "1" }}
  [[models.endpoints]]
  provider = "other"
  model = "m"
  price = {{ input = "9", output = "9" }}
"""


class Scene:
    """A gateway, the host like Z.ai, and the dearer one."""

    def __init__(self, gateway: Gateway, zai: ScriptedProvider, other: ScriptedProvider) -> None:
        self.gateway, self.zai, self.other = gateway, zai, other
        zai.always(answers.whole(answers.chat("zai")))
        other.always(answers.whole(answers.chat("other")))

    def ask(self, model: str = "lab/m") -> Response:
        body = {"model": model, "messages": [{"role": "user", "content": "Hi."}]}
        return self.gateway.post(CHAT, body)


def code(number: str, status: int) -> Step:
    """An error of Z.ai's; no recorded one has a ``retry-after``."""
    body = json.dumps({"error": {"code": number, "message": f"words of {number}"}}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    return answers.head(status, headers) + body


@contextmanager
def scene() -> Iterator[Scene]:
    with ScriptedProvider() as zai, ScriptedProvider() as other:
        text = CONFIG.format(first=zai.url, second=other.url)
        with Gateway(text, environment={"Z_KEY": "z-key"}) as gateway:
            yield Scene(gateway, zai, other)


@pytest.fixture(scope="module")
def here() -> Iterator[Scene]:
    with scene() as made:
        yield made


def text(response: Response) -> str:
    assert response.status == 200, response.body
    content = response.json()["choices"][0]["message"]["content"]
    assert isinstance(content, str)
    return content


@pytest.mark.parametrize("status", [429, 200])
def test_1302_is_tried_again_at_the_same_host(status: int) -> None:
    with scene() as here:
        here.zai.script(code("1302", status))
        assert text(here.ask("lab/m@zai")) == "zai"
        assert len(here.zai.requests) == 2


@pytest.mark.parametrize("status", [429, 200])
def test_1305_waits_too_long_for_this_request_and_goes_elsewhere(status: int) -> None:
    with scene() as here:
        here.zai.script(code("1305", status))
        assert text(here.ask()) == "other"
        # One is enough: the host is left alone for long.
        assert text(here.ask()) == "other"
        assert len(here.zai.requests) == 1
        here.zai.script(code("1305", status))
        alone = here.ask("lab/m@zai")
        assert (alone.status, len(here.zai.requests)) == (503, 2)
        assert int(alone.header("retry-after") or 0) > 0


@pytest.mark.parametrize("number", ["1113", "1304", "1308", "1309", "1310", "1311", "1313"])
def test_what_is_spent_is_not_tried_again_there(number: str) -> None:
    with scene() as here:
        here.zai.script(code(number, 429))
        assert here.ask("lab/m@zai").status >= 500
        assert len(here.zai.requests) == 1
        assert text(here.ask()) == "other"
        assert len(here.zai.requests) == 1


@pytest.mark.parametrize("number", ["1210", "1213", "1214"])
def test_what_is_wrong_with_the_request_is_named_and_not_tried_again(
    here: Scene, number: str
) -> None:
    before = len(here.zai.requests), len(here.other.requests)
    here.zai.script(code(number, 400))
    response = here.ask()
    assert response.status == 400, response.body
    assert f"words of {number}" in response.json()["error"]["message"]
    assert (len(here.zai.requests), len(here.other.requests)) == (before[0] + 1, before[1])
    assert text(here.ask()) == "zai"


@pytest.mark.parametrize("number", ["1211", "1221", "1222"])
def test_a_model_that_is_not_there_may_be_elsewhere(number: str) -> None:
    with scene() as here:
        here.zai.script(code(number, 400))
        assert text(here.ask()) == "other"
        # It will not come back by itself, so nobody begins there for a while.
        assert text(here.ask()) == "other"
        assert len(here.zai.requests) == 1
        here.zai.script(code(number, 400))
        alone = here.ask("lab/m@zai")
        assert alone.status == 404
        assert f"words of {number}" in alone.json()["error"]["message"]


@pytest.mark.parametrize(
    ("number", "said"), [("1261", "context_length_exceeded"), ("1301", "content_filter")]
)
def test_a_long_prompt_and_a_filter_are_no_faults(here: Scene, number: str, said: str) -> None:
    before = len(here.zai.requests), len(here.other.requests)
    for _ in range(6):
        here.zai.script(code(number, 400))
        response = here.ask()
        assert (response.status, response.json()["error"]["code"]) == (400, said)
    assert (len(here.zai.requests), len(here.other.requests)) == (before[0] + 6, before[1])
    # Six in a row would be too many failures; these are none.
    assert text(here.ask()) == "zai"
