"""``count_tokens``: by estimate, and by a tokenizer of the model's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.gateway import Gateway, config
from kit.http import call

PATHS = ("/v1/messages/count_tokens", "/anthropic/v1/messages/count_tokens")
ESTIMATED = "x-glimway-estimated"

WORDS: dict[str, Any] = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "post_processor": None,
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "hello": 1}, "unk_token": "[UNK]"},
}
"""A tokenizer whose tokens are words, so that a person can count them."""


def ask(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "lab/m", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two models: one with a tokenizer, one whose file is no tokenizer."""
    folder = tmp_path_factory.mktemp("tokenizers")
    (folder / "words.json").write_text(json.dumps(WORDS))
    (folder / "broken.json").write_text('{"model": 1}')
    text = config("http://127.0.0.1:9").replace(
        'id = "lab/m"\n', f'id = "lab/m"\ntokenizer = "{folder}/words.json"\n'
    )
    broken = f"""
[[models]]
id = "lab/broken"
tokenizer = "{folder}/broken.json"

  [[models.endpoints]]
  provider = "rack1"
  model = "b"
"""
    with Gateway(text + broken) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
def test_words_are_counted_and_what_a_template_adds(gateway: Gateway, path: str) -> None:
    answer = gateway.post(path, ask("one two three four five"))
    assert answer.status == 200, answer.body
    assert answer.json() == {"input_tokens": 5 + 2 * 3}  # its turn, and the answer's
    assert answer.header(ESTIMATED) is None
    more = ask("one two", system="three four five", tools=[{"name": "t", "input_schema": {}}])
    counted = gateway.post(path, more).json()["input_tokens"]
    assert counted == 2 + 3 + 1 + 3 * 3 + 8


def test_an_image_makes_it_an_estimate(gateway: Gateway) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    content = [{"type": "text", "text": "one"}, image]
    answer = gateway.post(PATHS[0], {**ask(""), "messages": [{"role": "user", "content": content}]})
    assert answer.json()["input_tokens"] > 7
    assert answer.header(ESTIMATED) == "input_tokens"


def test_without_a_tokenizer_it_is_an_estimate_that_says_so(gateway: Gateway) -> None:
    short = gateway.post(PATHS[0], {**ask("one two"), "model": "sandbox/glm-4.7-flash"})
    long = gateway.post(PATHS[0], {**ask("one two " * 100), "model": "sandbox/glm-4.7-flash"})
    assert 1 <= short.json()["input_tokens"] < long.json()["input_tokens"] < 800
    assert short.header(ESTIMATED) == long.header(ESTIMATED) == "input_tokens"


def test_a_file_that_is_no_tokenizer_is_told_once_and_estimated(gateway: Gateway) -> None:
    for _ in range(2):
        answer = gateway.post(PATHS[0], {**ask("one"), "model": "lab/broken"})
        assert answer.header(ESTIMATED) == "input_tokens"
    said = gateway.process.said
    assert said.count("broken.json cannot be read") == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (ask("one", model="nobody/nothing"), 404, "not_found_error"),
        ({"model": "lab/m"}, 400, "invalid_request_error"),
        (b"{", 400, "invalid_request_error"),
    ],
)
def test_mistakes_are_told_in_the_dialects_words(
    gateway: Gateway, path: str, body: Any, status: int, kind: str
) -> None:
    answer = gateway.post(path, body)
    assert answer.status == status, answer.body
    assert answer.json()["error"]["type"] == kind
    assert answer.header("request-id") == answer.json()["request_id"]


def test_only_who_has_a_key_may_count(gateway: Gateway) -> None:
    assert call(gateway.url + PATHS[0], ask("one"), {}).status == 401
    assert call(gateway.url + PATHS[0], ask("one"), {"x-api-key": gateway.key}).status == 200
    assert gateway.get(PATHS[0]).status == 405


def test_a_missing_file_is_told_before_the_start(tmp_path: Path) -> None:
    text = config("http://127.0.0.1:9").replace(
        'id = "lab/m"\n', f'id = "lab/m"\ntokenizer = "{tmp_path}/none.json"\n'
    )
    with pytest.raises((RuntimeError, TimeoutError), match="tokenizer"), Gateway(text):
        pass
