"""For each rule, code that it must catch and code that it must let pass.

Knows rules by name. Refuses to be run: these are texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from house.reading import Module
from house.sizes import FILE_LINES_MAX, FUNCTION_LINES_MAX


@dataclass(frozen=True)
class Example:
    """A rule's two sides."""

    bad: tuple[Module, ...]
    good: tuple[Module, ...]


def _lines(n: int) -> str:
    return "    x = 1\n" * n


def _at(path: str, *texts: str) -> tuple[Module, ...]:
    return tuple(Module(path, text) for text in texts)


EXAMPLES: dict[str, Example] = {
    "file_lines": Example(
        bad=_at("wire/a.py", "x = 1\n" * (FILE_LINES_MAX + 1)),
        good=_at("wire/a.py", "x = 1\n" * FILE_LINES_MAX),
    ),
    "function_lines": Example(
        bad=_at(
            "wire/a.py",
            "def f():\n" + _lines(FUNCTION_LINES_MAX),
            "class A:\n  async def f(self):\n" + _lines(FUNCTION_LINES_MAX),
        ),
        good=_at("wire/a.py", "def f():\n" + _lines(FUNCTION_LINES_MAX - 1)),
    ),
    "parameters": Example(
        bad=_at(
            "wire/a.py",
            "def f(a, b, c, d, e, f, g): ...",
            "def f(a, b, /, c, *, d, e, f, g): ...",
            "class A:\n  def f(self, a, b, c, d, e, f, g): ...",
        ),
        good=_at(
            "wire/a.py",
            "def f(a, b, c, *, d, e, f): ...",
            "class A:\n  def f(self, a, b, c, d, e, f): ...",
            "class A:\n  @classmethod\n  def f(cls, a, b, c, d, e, f): ...",
        ),
    ),
    "module_name": Example(
        bad=(*_at("wire/utils.py", ""), *_at("engine/handlers/a.py", ""), *_at("base.py", "")),
        good=(*_at("wire/sse.py", ""), *_at("wire/database.py", "")),
    ),
    "module_docstring": Example(
        bad=_at("wire/a.py", "", "x = 1", '"""One sentence."""', '"""No sentence\n\nat all"""'),
        good=_at("wire/a.py", '"""One sentence.\n\nKnows v1.2. Refuses to know more.\n"""'),
    ),
    "downward": Example(
        bad=(
            *_at("wire/a.py", "from glimway.domain import money", "import glimway.domain.money"),
            *_at("wire/chat/a.py", "from ...domain import money"),
            *_at("domain/a.py", "def f():\n  from glimway.engine.wheel import Wheel"),
            *_at("store/a.py", "from glimway.engine import wheel"),
            *_at("engine/a.py", "from glimway import surface"),
            *_at("surface/a.py", "from glimway.console import pages"),
            *_at("console/a.py", "from glimway.surface import mounts"),
            *_at("sandbox/a.py", "from glimway.domain import money"),
            *_at("surface/a.py", "from glimway.sandbox import script"),
            *_at("engine/a.py", "from glimway.config import load"),
            *_at("config/a.py", "from glimway.store import keys"),
            *_at("data/__init__.py", "from glimway.config import load"),
            *_at("engine/a.py", "from glimway.data import load_models"),
            *_at("app.py", "from glimway.cli import serve"),
            *_at("parts.py", "from glimway.server import Server"),
            *_at("engine/a.py", "from glimway.parts import Parts"),
            *_at("attic/a.py", "import os"),
        ),
        good=(
            *_at("wire/chat/a.py", "from glimway.wire import sse", "from ..sse import Cutter"),
            *_at("domain/a.py", "from glimway.wire.refusal import Refusal"),
            *_at("store/a.py", "from glimway.domain import money\nimport sqlalchemy"),
            *_at("engine/a.py", "from glimway.store import journal\nfrom glimway import wire"),
            *_at("surface/a.py", "from glimway import __version__"),
            *_at("sandbox/a.py", "from glimway.wire.sse import Cutter"),
            *_at("data/__init__.py", "from glimway.domain.model import Model"),
            *_at("app.py", "from glimway.sandbox import script\nfrom glimway.config import load"),
            *_at("app.py", "from glimway.parts import Parts\nfrom glimway import welcome"),
            *_at("parts.py", "from glimway.store import keys"),
            *_at("cli/a.py", "from glimway import app"),
            *_at("__main__.py", "from glimway.cli import main"),
        ),
    ),
    "hidden_import": Example(
        bad=_at(
            "engine/a.py",
            "def f():\n  import json",
            "class A:\n  import json",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import json",
            "import typing as t\nif t.TYPE_CHECKING:\n  from glimway.wire import sse",
            "try:\n  import ujson\nexcept ImportError:\n  ujson = None",
            "import importlib\nx = importlib.import_module('json')",
            "x = __import__('json')",
        ),
        good=(
            *_at(
                "engine/a.py", "import json\nimport sys\nif sys.platform == 'linux':\n  import os"
            ),
            *_at("cli/a.py", "def f():\n  from glimway import app"),
            *_at("extras.py", "import importlib\nx = importlib.import_module('redis')"),
        ),
    ),
    "pure": Example(
        bad=(
            *_at("wire/a.py", "import asyncio", "from time import monotonic", "import os.path"),
            *_at("domain/a.py", "from pathlib import Path", "import secrets", "import logging"),
            *_at("domain/a.py", "import sqlalchemy", "from urllib.request import urlopen"),
            *_at("domain/a.py", "from datetime import datetime\nx = datetime.now()"),
            *_at("wire/a.py", "x = open('a')", "print('x')"),
        ),
        good=(
            *_at("wire/a.py", "import json\nimport msgspec\nfrom urllib.parse import unquote"),
            *_at("domain/a.py", "from collections.abc import Iterator\nimport hashlib"),
            *_at("wire/a.py", "x = slot.open('a')"),
            *_at("domain/a.py", "from datetime import UTC, datetime\nx = datetime(2026, 1, 1)"),
            *_at("engine/a.py", "import asyncio\nprint(open('a'))"),
        ),
    ),
    "dialect_import": Example(
        bad=(
            *_at("engine/a.py", "from glimway.wire.chat import read"),
            *_at("engine/a.py", "from glimway.wire import messages", "import glimway.wire.aisdk"),
            *_at("domain/a.py", "from glimway.wire.responses.write import Writer"),
        ),
        good=(
            *_at("surface/a.py", "from glimway.wire.chat import read"),
            *_at("wire/chat/a.py", "from glimway.wire.chat.usage import usage"),
            *_at("engine/a.py", "from glimway.wire.talk import Call"),
        ),
    ),
    "broad_except": Example(
        bad=_at(
            "engine/a.py",
            "try:\n  f()\nexcept:\n  pass",
            "try:\n  f()\nexcept Exception as error:\n  log(error)",
            "try:\n  f()\nexcept (ValueError, BaseException):\n  pass",
            "try:\n  f()\nexcept Exception as error:\n  raise ValueError from error",
            "import contextlib\nwith contextlib.suppress(Exception):\n  f()",
        ),
        good=_at(
            "engine/a.py",
            "try:\n  f()\nexcept ValueError:\n  pass",
            "try:\n  f()\nexcept BaseException:\n  clean()\n  raise",
            "import contextlib\nwith contextlib.suppress(ValueError, OSError):\n  f()",
        ),
    ),
    "global_statement": Example(
        bad=_at("engine/a.py", "x = 1\ndef f():\n  global x\n  x = 2"),
        good=_at("engine/a.py", "def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = 2"),
    ),
    "mutable_default": Example(
        bad=_at(
            "engine/a.py",
            "def f(a=[]): ...",
            "def f(*, a={}): ...",
            "async def f(a=set()): ...",
            "f = lambda a=dict(): a",
        ),
        good=_at("engine/a.py", "def f(a=(), b=None, c=frozenset()): ..."),
    ),
    "unbounded": Example(
        bad=_at(
            "engine/a.py",
            "import asyncio\nx = asyncio.Queue()",
            "import asyncio\nx = asyncio.Queue[int](maxsize=0)",
            "from queue import PriorityQueue\nx = PriorityQueue()",
            "import queue\nx = queue.SimpleQueue()",
            "from collections import deque\nx: deque[int] = deque()",
            "import collections\nx = collections.deque([1], None)",
            "import functools\n@functools.lru_cache(maxsize=None)\ndef f(): ...",
            "import functools\n@functools.cache\ndef f(): ...",
        ),
        good=_at(
            "engine/a.py",
            "import asyncio\nx = asyncio.Queue(ROWS_MAX)",
            "import queue\nx = queue.Queue(maxsize=ROWS_MAX)",
            "from collections import deque\nx = deque([1], LINES_MAX)",
            "from collections import deque\nx = deque(maxlen=LINES_MAX)",
            "import functools\n@functools.lru_cache(maxsize=64)\ndef f(): ...",
        ),
    ),
    "exact_money": Example(
        bad=(
            *_at("domain/money.py", "x = 0.5", "def cost(a: float): ...", "x = a / b"),
            *_at("domain/pricing.py", "x = float('1')", "def f():\n  return Decimal('1')"),
            *_at("domain/ledger.py", "import decimal\nx = decimal.Decimal(1)", "x = 1\nx /= 2"),
        ),
        good=(
            *_at("domain/money.py", "from decimal import Decimal\nx = a // b"),
            *_at("domain/pricing.py", "def parse_price(a):\n  return int(Decimal(a) * 10**9)"),
            *_at("domain/limits.py", "x = 0.5 / 2"),
        ),
    ),
    "sql_text": Example(
        bad=_at(
            "store/a.py",
            "connection.execute(f'SELECT * FROM {table}')",
            "connection.execute(text('SELECT ' + columns))",
            "connection.exec_driver_sql('PRAGMA %s' % name)",
            "connection.execute('SELECT {}'.format(name))",
        ),
        good=_at(
            "store/a.py",
            "connection.execute(select(keys).where(keys.c.id == id))",
            "connection.execute(text('SELECT :id'), {'id': id})",
            "connection.exec_driver_sql('PRAGMA journal_mode = WAL')",
            "connection.exec_driver_sql(f'PRAGMA synchronous = NORMAL')",
        ),
    ),
    "provider_name": Example(
        bad=_at(
            "engine/a.py",
            "if provider == 'acme': pass",
            "x = {'ACME': 1}",
            "x = 'https://api.acme.example/v1'",
            "x = f'acme-{y}'",
        ),
        good=_at(
            "engine/a.py",
            '"""Acme answers so."""',
            "def f():\n  'acme is slow.'\n  x = 1\n  'acme'",
            "x = 'acmeist'",
            "raise ValueError('a provider such as acme is needed')",
        ),
    ),
}
