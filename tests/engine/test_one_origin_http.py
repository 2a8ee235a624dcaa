"""Providers at one origin share the connections that are kept to it."""

from __future__ import annotations

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider

PROVIDER = """
[[providers]]
id = "{id}"
profile = "openai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "KEY_{id}" }}
"""
MODEL = """
[[models]]
id = "lab/{id}"
  [[models.endpoints]]
  provider = "{id}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""


def test_two_accounts_at_one_host_use_one_connection() -> None:
    with ScriptedProvider() as provider:
        provider.always(answers.whole(answers.chat("Hello.")))
        text = "".join(
            PROVIDER.format(id=id_, url=provider.url) + MODEL.format(id=id_)
            for id_ in ("one", "two")
        )
        with Gateway(text, environment={"KEY_one": "sk-one", "KEY_two": "sk-two"}) as gateway:
            for id_ in ("one", "two", "one"):
                body = {"model": f"lab/{id_}", "messages": [{"role": "user", "content": "Hi."}]}
                assert gateway.post(CHAT, body).status == 200
        said = [one.header("authorization") for one in provider.requests]
        assert said == ["Bearer sk-one", "Bearer sk-two", "Bearer sk-one"]
        assert provider.connections_total == 1
