"""The cases that LangChain's chat models share, whatever dialect is below.

Knows LangChain's common words. Refuses to know which model class speaks.
"""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, PT017
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel
from verdict import ANSWERS, CITIES, QUESTION, holds


@tool
def get_weather(city: str) -> str:
    """Tells the weather of a city."""
    return ANSWERS["get_weather"]


@tool
def get_time(city: str) -> str:
    """Tells the time in a city."""
    return ANSWERS["get_time"]


TOOLS = {"get_weather": get_weather, "get_time": get_time}


class Place(BaseModel):
    """A place."""

    city: str
    people: int


def cases(model, thinking, plain, unknown, failure):
    """The cases.

    Args:
        model: as people make it.
        thinking: one that was asked to think.
        plain: one that was asked not to.
        unknown: one of a model that is not there.
        failure: what it raises.
    """

    def _text():
        answer = plain.invoke("Say hello.")
        assert answer.text
        usage = answer.usage_metadata
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0

    def _stream():
        whole = None
        for chunk in plain.stream("Say hello."):
            whole = chunk if whole is None else whole + chunk
        assert whole.text
        assert whole.usage_metadata["output_tokens"] > 0

    def _tools():
        armed = model.bind_tools(list(TOOLS.values()))
        messages = [HumanMessage(QUESTION)]
        first = armed.invoke(messages)
        assert sorted(call["name"] for call in first.tool_calls) == sorted(ANSWERS)
        messages.append(first)
        for call in first.tool_calls:
            assert call["args"]["city"] in CITIES
            result = TOOLS[call["name"]].invoke(call["args"])
            messages.append(ToolMessage(result, tool_call_id=call["id"]))
        holds(armed.invoke(messages).text)

    def _streamed_tools():
        armed = model.bind_tools(list(TOOLS.values()))
        whole = None
        for chunk in armed.stream(QUESTION):
            whole = chunk if whole is None else whole + chunk
        assert sorted(call["name"] for call in whole.tool_calls) == sorted(ANSWERS)
        assert all(call["args"]["city"] in CITIES for call in whole.tool_calls)

    def _thinking():
        used = thinking.invoke("Why is the sky blue?").usage_metadata
        spared = plain.invoke("Why is the sky blue?").usage_metadata
        assert used["output_tokens"] > spared["output_tokens"]

    def _structured():
        place = plain.with_structured_output(Place).invoke("A city.")
        assert isinstance(place, Place)

    def _error():
        try:
            unknown.invoke("Hi")
        except failure as error:
            assert error.status_code == 404
        else:
            raise AssertionError("an unknown model was answered")

    return {
        "text": _text,
        "stream": _stream,
        "tools": _tools,
        "streamed_tools": _streamed_tools,
        "thinking": _thinking,
        "structured": _structured,
        "error": _error,
    }
