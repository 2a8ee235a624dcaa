"""A secret shows itself nowhere but to ``reveal``."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest

from glimway.config.load import Reading
from glimway.config.secrets import HIDDEN, Secret

Read = Callable[..., Reading]
CANARY = "canary-4f1c9b7d2e8a6035"


def test_a_secret_hides_in_every_text() -> None:
    secret = Secret(CANARY, "A_KEY")
    texts = [
        repr(secret),
        str(secret),
        f"{secret} {secret!r} {secret!s:>30} {[secret]} { ({'k': secret}) }",
        "%s %r" % (secret, secret),  # noqa: UP031 - logging formats so
        logging.LogRecord("x", 10, "x", 1, "%s", (secret,), None).getMessage(),
        str(vars(type(secret))),
        "".join(traceback.format_exception(ValueError(secret))),
    ]
    assert not [text for text in texts if CANARY in text]
    assert repr(secret) == HIDDEN
    assert secret.reveal() == CANARY
    assert secret.source == "A_KEY"


def test_a_secret_cannot_be_written_anywhere() -> None:
    secret = Secret(CANARY)
    for write in (json.dumps, pickle.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError) as caught:
            write({"key": secret})
        assert CANARY not in str(caught.value)
    with pytest.raises(TypeError):
        vars(secret)


def test_secrets_compare_and_copy_without_showing() -> None:
    secret = Secret(CANARY, "a")
    assert secret == Secret(CANARY, "b")
    assert hash(secret) == hash(Secret(CANARY))
    assert secret != Secret("other")
    assert secret != CANARY
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    assert Secret("\udcff") == Secret("\udcff")  # a variable that is not UTF-8


PLACES = [
    'api_key = "{}"',
    'api_key = {{ env = "{}" }}',
    'api_key = {{ file = "{}" }}',
    'api_key = {{ key = "{}" }}',
    'api_key = {{ env = ["{}"] }}',
    'api_key = ["{}"]',
    'headers = {{ authorization = "Bearer {}" }}',
    'headers = {{ x-api-key = "{}" }}',
    'headers = {{ x-access-token = {{ env = "{}" }} }}',
    'headers = "{}"',
]


@pytest.mark.parametrize("place", PLACES)
def test_a_key_in_the_wrong_place_is_not_repeated(read: Read, place: str) -> None:
    text = '[[providers]]\nid = "p"\nprofile = "openai"\nbase_url = "https://p.example"\n'
    reading = read(text + place.format(CANARY))
    assert reading.problems
    assert CANARY not in str(reading)


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{CANARY}@p.example/v1",
        f"https://{CANARY}@p.example/v1",
        f"https://p.example/v1?key={CANARY}",
        f"https://user:{CANARY}@[::1/v1",
        f"ftp://user:{CANARY}@p.example",
    ],
)
def test_a_password_in_a_url_is_not_repeated(read: Read, url: str) -> None:
    reading = read(f'[[providers]]\nid = "p"\nprofile = "openai"\nbase_url = "{url}"\n')
    assert reading.problems
    assert CANARY not in str(reading)


def test_a_configuration_with_secrets_shows_none(read: Read) -> None:
    text = """\
[server]
admin_key = { env = "ADMIN" }
[[providers]]
id = "zai"
headers = { cookie = { env = "ZAI_API_KEY" } }
"""
    reading = read(text, {"ADMIN": CANARY, "ZAI_API_KEY": CANARY})
    assert not reading.problems
    assert CANARY not in repr(reading)
    with pytest.raises(TypeError):
        msgspec.json.encode(reading)
