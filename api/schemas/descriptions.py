"""Descriptions of fields, taken from the domain classes so that the words are written once."""

from __future__ import annotations

import re
from inspect import getdoc
from typing import Any, Final

from pydantic import ConfigDict

_ATTRIBUTE: Final = re.compile(r"^    (\w+): ", re.MULTILINE)


def described_by(*kinds: type) -> ConfigDict:
    """Let a schema show the words of domain classes: the first line of the first, the attributes of all."""

    def describe(schema: dict[str, Any]) -> None:
        schema["description"] = (getdoc(kinds[0]) or "").partition("\n")[0]
        for kind in kinds:
            for name, text in attribute_texts(kind).items():
                if name in schema.get("properties", {}):
                    schema["properties"][name]["description"] = text

    return ConfigDict(json_schema_extra=describe)


def attribute_texts(kind: type) -> dict[str, str]:
    """Read the ``Attributes`` section of a docstring: one line of text per attribute."""
    section = (getdoc(kind) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    parts = _ATTRIBUTE.split(section)[1:]
    return {name: " ".join(text.split()) for name, text in zip(parts[::2], parts[1::2], strict=True)}
