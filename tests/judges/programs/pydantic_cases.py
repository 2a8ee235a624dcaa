"""The cases that Pydantic AI's models share, whatever dialect is below.

Knows agents, their tools and their typed outputs. Refuses to know which model class speaks.
"""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202, PT017
# It runs in the judges' environment, which has no pytest, and whose packages no checker sees.

from __future__ import annotations

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ThinkingPart, ToolCallPart
from verdict import ANSWERS, CITIES, QUESTION, holds


class Place(BaseModel):
    """A place."""

    city: str
    people: int


def _get_weather(city: str) -> str:
    """Tells the weather of a city."""
    assert city in CITIES
    return ANSWERS["get_weather"]


def _get_time(city: str) -> str:
    """Tells the time in a city."""
    assert city in CITIES
    return ANSWERS["get_time"]


_get_weather.__name__, _get_time.__name__ = "get_weather", "get_time"


def _parts(messages, kind):
    return [p for one in messages for p in one.parts if isinstance(p, kind)]


def cases(model, unknown, on, off, *, native=True):
    """The cases.

    Args:
        model: the model.
        unknown: one that is not there.
        on: settings under which it thinks.
        off: settings under which it does not.
        native: the client asks this model for a schema; else it makes a tool of each.
    """

    def _text():
        result = Agent(model, instructions="Be brief.", model_settings=off).run_sync("Say hello.")
        assert result.output
        assert result.usage.output_tokens > 0

    def _stream():
        agent = Agent(model, model_settings=off)
        with_stream = agent.run_stream_sync("Say hello.")
        pieces = list(with_stream.stream_text(delta=True, debounce_by=None))
        assert "".join(pieces) == with_stream.get_output() != ""

    def _tools():
        agent = Agent(model, tools=[_get_weather, _get_time], model_settings=on)
        result = agent.run_sync(QUESTION)
        called = _parts(result.all_messages(), ToolCallPart)
        assert sorted(one.tool_name for one in called) == sorted(ANSWERS)
        holds(result.output)

    def _thinking():
        thought = Agent(model, model_settings=on).run_sync("Why is the sky blue?")
        assert _parts(thought.all_messages(), ThinkingPart)
        plain = Agent(model, model_settings=off).run_sync("Why is the sky blue?")
        assert not _parts(plain.all_messages(), ThinkingPart)

    def _structured():
        for output in (Place, NativeOutput(Place)) if native else (Place,):
            agent = Agent(model, output_type=output, model_settings=off)
            assert isinstance(agent.run_sync("A city.").output, Place)

    def _error():
        try:
            Agent(unknown).run_sync("Hi")
        except ModelHTTPError as error:
            assert error.status_code == 404
        else:
            raise AssertionError("an unknown model was answered")

    return {
        "text": _text,
        "stream": _stream,
        "tools": _tools,
        "thinking": _thinking,
        "structured": _structured,
        "error": _error,
    }
