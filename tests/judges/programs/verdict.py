"""What a judge says: for each of its cases whether the client was content, and why not.

Knows the environment that a judge is started in and the one line of JSON that it prints. Refuses
to know any client. It runs in the judges' own environment, so it needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

URL = os.environ["JUDGE_URL"]
KEY = os.environ["JUDGE_KEY"]
MODEL = os.environ["JUDGE_MODEL"]
UNKNOWN = "maker/no-such-model"

QUESTION = "What is the weather in Oslo, and what is the time in Rome?"
CITIES = {"Oslo", "Rome"}
ANSWERS = {"get_weather": "sunny, 21 degrees", "get_time": "half past nine"}
"""What the tools answer; the model repeats it."""
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}

REASON_CHARS_MAX = 4000


def judge(cases: dict[str, Callable[[], Any]]) -> None:
    """Try each case and print the verdict."""
    verdict = {}
    for name, case in cases.items():
        try:
            case()
        except Exception:  # noqa: BLE001 - whatever a client raises is its verdict
            verdict[name] = traceback.format_exc()[-REASON_CHARS_MAX:]
        else:
            verdict[name] = ""
    sys.stdout.write(json.dumps(verdict) + "\n")


def holds(text: str) -> None:
    """Both tools' answers are in the last one."""
    for answer in ANSWERS.values():
        assert answer in text, text
