"""The keep-alive race: a kept socket that the provider closed just before is replayed, once."""

from __future__ import annotations

import pytest

from engine.stage import Stage
from kit import answers
from kit.steps import Close, Pause, Reset, Step

ANSWER = answers.whole(answers.chat())
MOMENT = Pause(0.05)
"""Long enough for what was sent to arrive alone."""

ENDS = pytest.mark.parametrize("end", [Close(), Reset()], ids=["fin", "rst"])
KINDS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def warm(stage: Stage) -> None:
    """Leave one kept connection in the pool."""
    stage.rest()
    stage.provider.script(ANSWER)
    assert stage.call().status == 200
    stage.provider.wait_until(lambda: stage.provider.requests[-1].answered)


def good(*, stream: bool) -> list[Step]:
    return [*answers.stream(answers.chat_frames())] if stream else [ANSWER]


@ENDS
@KINDS
def test_a_kept_socket_that_turns_out_dead_is_replayed_once(
    stage: Stage, stream: bool, end: Step
) -> None:
    warm(stage)
    stage.provider.script(end)
    stage.provider.script(*good(stream=stream))
    with stage.arrivals() as arrived:
        response = stage.call(stream=stream)
    assert response.status == 200
    assert response.header("x-glimway-attempts") == "1"
    first, second = arrived
    assert first.body == second.body
    assert first.connection != second.connection
    receipt = stage.receipt(response)
    assert receipt["status"] == "ok"
    (attempt,) = receipt["attempts"]
    assert attempt["replayed"] is True


@ENDS
def test_a_replay_is_not_replayed(stage: Stage, end: Step) -> None:
    warm(stage)
    stage.provider.script(end)
    stage.provider.script(end)
    with stage.arrivals() as arrived:
        response = stage.call()
    assert response.status == 503
    assert len(arrived) == 2
    receipt = stage.receipt(response)
    assert (receipt["status"], receipt["end"]) == ("failed", "unreachable")
    assert len(receipt["attempts"]) == 1


@ENDS
@KINDS
def test_a_fresh_socket_is_never_replayed(stage: Stage, stream: bool, end: Step) -> None:
    stage.rest()
    stage.provider.script(end)
    with stage.arrivals() as arrived:
        response = stage.call(stream=stream)
    assert response.status == 503
    assert response.header("retry-after") is not None
    assert len(arrived) == 1
    (attempt,) = stage.receipt(response)["attempts"]
    assert not attempt.get("replayed")


@ENDS
@KINDS
@pytest.mark.parametrize(
    "begun",
    [
        b"H",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        answers.head(200, {"content-type": "application/json", "content-length": "9"}),
    ],
    ids=["a byte", "1xx", "a head"],
)
def test_what_was_answered_by_one_byte_is_never_replayed(
    stage: Stage, stream: bool, end: Step, begun: bytes
) -> None:
    warm(stage)
    # The byte must have arrived before the end does: a reset may overtake it.
    stage.provider.script(begun, *([] if isinstance(end, Close) else [MOMENT]), end)
    with stage.arrivals() as arrived:
        response = stage.call(stream=stream)
    assert response.status == 502
    assert len(arrived) == 1
    (attempt,) = stage.receipt(response)["attempts"]
    assert (attempt["outcome"], attempt.get("replayed", False)) == ("broken", False)


def test_a_slow_answer_on_a_kept_socket_is_not_replayed(stage: Stage) -> None:
    """Only a broken connection says that nothing was answered; silence says nothing."""
    warm(stage)
    stage.provider.script(MOMENT, ANSWER)
    with stage.arrivals() as arrived:
        assert stage.call().status == 200
    assert len(arrived) == 1


def test_many_dead_sockets_cost_one_replay_each_at_most(stage: Stage) -> None:
    """All kept connections break at once, as at a provider's restart: no request fails."""
    stage.rest()
    count, before = 20, len(stage.provider.requests)
    stage.provider.always(MOMENT, ANSWER)
    clients = [stage.ask() for _ in range(count)]
    assert {client.read_response().status for client in clients} == {200}
    stage.provider.always(ANSWER)
    stage.provider.wait_until(lambda: all(one.answered for one in stage.provider.requests[before:]))
    clients += [stage.gateway.client() for _ in range(count)]
    stage.provider.drop_idle(reset=True)
    for client in clients:
        client.post_json("/v1/chat/completions", stage.body(), stage.headers())
    assert {client.read_response().status for client in clients} == {200}
    for client in clients:
        client.close()
