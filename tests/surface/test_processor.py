from __future__ import annotations

import sys
import threading
import time

import pytest

from glimway.surface import processor
from glimway.surface.processor import Processor


def compute(for_s: float) -> None:
    end_s = time.thread_time() + for_s
    while time.thread_time() < end_s:
        pass


def test_what_this_thread_computes_counts() -> None:
    account = Processor()
    try:
        before_s = account.wanted_s()
        compute(0.05)
        # The kernel settles it at each of its own ticks.
        assert account.wanted_s() - before_s > 0.03
    finally:
        account.close()


@pytest.mark.skipif(sys.platform != "linux", reason="others keep no account of waiting")
def test_waiting_for_a_processor_counts_and_waiting_for_anything_else_does_not() -> None:
    account = Processor()
    try:
        before_s = account.wanted_s()
        began_s = time.monotonic()
        threading.Event().wait(0.1)
        assert account.wanted_s() - before_s < (time.monotonic() - began_s) / 2
    finally:
        account.close()


def test_without_the_kernel_s_account_computing_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_ACCOUNT", "/nowhere")
    account = Processor()
    before_s = account.wanted_s()
    compute(0.02)
    assert account.wanted_s() - before_s >= 0.02
    account.close()
