"""Typed tools that the client runs itself, as any model can be given them.

Knows what the documented ones do and what their input looks like, so that a provider of another
dialect gets a function in their place. Refuses to know those that a host runs.
Sources: https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/bash-tool,
.../text-editor-tool and .../memory-tool.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.talk import Json

Published = tuple[str, dict[str, Json]]
"""A description, and the schema of the input."""

_TEXT = {"type": "string"}
_PATH = {"type": "string", "description": "Absolute path of a file or directory."}
_RANGE = {
    "type": "array",
    "items": {"type": "integer"},
    "description": "First and last line to show; -1 is the end.",
}


def _commands(*names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names), "description": "What is to be done."}


_BASH: Published = (
    "Run a command in a shell that stays open between calls.",
    {
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command to run."},
            "restart": {"type": "boolean", "description": "True starts the shell anew."},
        },
    },
)

_EDITOR: Published = (
    "View, create and edit text files.",
    {
        "type": "object",
        "properties": {
            "command": _commands("view", "create", "str_replace", "insert"),
            "path": _PATH,
            "view_range": _RANGE,
            "file_text": {**_TEXT, "description": "For create: the text of the new file."},
            "old_str": {**_TEXT, "description": "For str_replace: the text to replace."},
            "new_str": {**_TEXT, "description": "For str_replace: what to put in its place."},
            "insert_line": {
                "type": "integer",
                "description": "For insert: the line after which the text goes.",
            },
            "insert_text": {**_TEXT, "description": "For insert: the text."},
        },
        "required": ["command", "path"],
    },
)

_MEMORY: Published = (
    "Keep notes in files below /memories: look there first, and write down what is worth keeping.",
    {
        "type": "object",
        "properties": {
            **_EDITOR[1]["properties"],
            "command": _commands("view", "create", "str_replace", "insert", "delete", "rename"),
            "old_path": {**_PATH, "description": "For rename: the present path."},
            "new_path": {**_PATH, "description": "For rename: the new path."},
        },
        "required": ["command"],
    },
)

_KINDS: dict[str, Published] = {"bash_": _BASH, "text_editor_": _EDITOR, "memory_": _MEMORY}
"""Beginning of a dated type -> the tool."""


def published(kind: str) -> Published | None:
    """Description and schema of a typed tool; None: a host runs it, or it is not known."""
    return next((own for begin, own in _KINDS.items() if kind.startswith(begin)), None)
