"""Descriptions of fields, taken from the domain classes so that the words are written once."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import getdoc
from typing import Any, Final

from pydantic import ConfigDict

_ATTRIBUTE: Final = re.compile(r"^    (\w+(?:, \w+)*): ", re.MULTILINE)


def described_by(kind: type, rename: Callable[[str], str] = str) -> ConfigDict:
    """Let a schema show the words of a class: its first line and those of its attributes, by their name at the edge."""

    def describe(schema: dict[str, Any]) -> None:
        schema["description"] = (getdoc(kind) or "").partition("\n")[0]
        for name, text in attribute_texts(kind).items():
            if rename(name) in schema.get("properties", {}):
                schema["properties"][rename(name)]["description"] = text

    return ConfigDict(json_schema_extra=describe)


def attribute_texts(kind: type) -> dict[str, str]:
    """Read the ``Attributes`` section of a docstring: one line of text per attribute, also where some share one."""
    section = (getdoc(kind) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    parts = _ATTRIBUTE.split(section)[1:]
    texts = zip(parts[::2], parts[1::2], strict=True)
    return {name: " ".join(text.split()) for names, text in texts for name in names.split(", ")}
