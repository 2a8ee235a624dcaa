from __future__ import annotations

import pytest

from glimway.wire.aisdk import AISDK_CLIENT
from glimway.wire.aisdk.asked import version_of
from glimway.wire.refusal import Refusal
from wire.aisdk.making import PROMPT, headers


def test_the_side_has_a_name_a_path_and_ids() -> None:
    assert AISDK_CLIENT.name == "aisdk"
    assert AISDK_CLIENT.path == "/language-model"
    assert AISDK_CLIENT.id_prefix == "gen_"


def test_the_headers_name_model_stream_and_version() -> None:
    call = AISDK_CLIENT.decode({"prompt": PROMPT}, headers(streaming="true", version="3"))
    assert (call.model, call.stream, version_of(call)) == ("zai/glm-4.7", True, "3")
    assert call.dialect == "aisdk"
    assert call.usage_asked


def test_without_stream_and_version_the_answer_is_whole_and_the_newest() -> None:
    call = AISDK_CLIENT.decode({"prompt": PROMPT}, headers(streaming=None, version=None))
    assert (call.stream, version_of(call)) == (False, "4")


def test_blanks_around_a_header_do_not_count() -> None:
    call = AISDK_CLIENT.decode({"prompt": PROMPT}, headers(model=" zai/glm-4.7 "))
    assert call.model == "zai/glm-4.7"


@pytest.mark.parametrize(
    ("given", "kind", "param", "words"),
    [
        ({"model": None}, "invalid", "ai-language-model-id", "names the model"),
        ({"model": " "}, "invalid", "ai-language-model-id", "names the model"),
        ({"model": "m" * 257}, "invalid", "ai-language-model-id", "256"),
        ({"streaming": "yes"}, "invalid", "ai-language-model-streaming", '"true" or "false"'),
        ({"streaming": "True"}, "invalid", "ai-language-model-streaming", '"true" or "false"'),
        (
            {"version": "2"},
            "unsupported",
            "ai-language-model-specification-version",
            "versions 3 and 4",
        ),
        ({"version": "v4"}, "unsupported", "ai-language-model-specification-version", '"v4"'),
    ],
)
def test_a_wrong_header_is_named(
    given: dict[str, str | None], kind: str, param: str, words: str
) -> None:
    with pytest.raises(Refusal) as caught:
        AISDK_CLIENT.decode({"prompt": PROMPT}, headers(**given))
    assert caught.value.kind == kind
    assert caught.value.param == param
    assert words in caught.value.message


def test_a_model_in_the_body_is_named_as_the_mistake() -> None:
    with pytest.raises(Refusal, match="'model' is not read"):
        AISDK_CLIENT.decode({"prompt": PROMPT, "model": "m"}, headers(model=None))
