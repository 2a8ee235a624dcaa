"""The generated part of docs/settings.md.

Knows how the tables of settings and fields read as a page. Refuses to know what stands around
them. ``python -m glimway.config.reference docs/settings.md`` writes the part anew; a test holds
the page to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from glimway.config.models import ENDPOINT_FIELDS, PRICE_FIELDS
from glimway.config.models import FIELDS as MODEL_FIELDS
from glimway.config.projects import FIELDS as PROJECT_FIELDS
from glimway.config.providers import FIELDS as PROVIDER_FIELDS
from glimway.config.settings import SECTIONS, Setting, section_name, settings_of

BEGIN: Final = "<!-- generated: begin -->"
END: Final = "<!-- generated: end -->"


def reference() -> str:
    """Every setting and field, as Markdown."""
    lines = [*_settings()]
    tables = {
        "[[providers]]": PROVIDER_FIELDS,
        "[[models]]": MODEL_FIELDS,
        "[[models.endpoints]]": ENDPOINT_FIELDS,
        "price": PRICE_FIELDS,
        "[projects.NAME.routing]": PROJECT_FIELDS,
    }
    for title, fields in tables.items():
        lines += [f"## `{title}`", "", *_fields(fields), ""]
    return "\n".join(lines).rstrip() + "\n"


def renewed(page: str) -> str:
    """The page with its generated part as it should be.

    Raises:
        ValueError: the page has no such part.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no part between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


def _settings() -> Iterator[str]:
    for attribute, section in SECTIONS.items():
        name = section_name(attribute)
        yield f"## `[{name}]`"
        yield ""
        yield (section.__doc__ or "").strip().replace("``", "`")
        yield ""
        yield "| setting | default | accepted | meaning |"
        yield "|---|---|---|---|"
        for setting in settings_of(name):
            yield _row(setting)
        yield ""


def _row(setting: Setting) -> str:
    row = setting.row
    words = [row.help]
    if row.flag is not None:
        words.append(f"Flag: `{row.flag}`.")
    if row.env is not None:
        words.append(f"Also the variable `{row.env}`.")
    if row.reload:
        words.append("A running server takes a change.")
    default = row.default_words or f"`{_toml(setting.default)}`"
    return f"| `{setting.name}` | {default} | {_accepted(setting)} | {' '.join(words)} |"


def _accepted(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{_toml(choice)}`" for choice in setting.choices)
    if setting.row.proxy:
        return '`"http://HOST:PORT"`, `"none"`, or a reference'
    if setting.secret:
        return '`{ env = "NAME" }` or `{ file = "PATH" }`'
    if setting.type is str:
        return "text"
    least, most = setting.row.least, setting.row.most
    return f"{_toml(least)} to {_toml(most)} {setting.unit}".rstrip()


def _fields(fields: Mapping[str, str]) -> Iterator[str]:
    yield "| field | meaning |"
    yield "|---|---|"
    for name, words in fields.items():
        yield f"| `{name}` | {words} |"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def main() -> None:
    """Write the generated part of the page that the first argument names."""
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
