"""Turn what pydantic finds into findings: one vocabulary for form and meaning, with the place as people write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from api.schemas.documents import shown
from api.schemas.values import Model
from optimizer.findings import Finding

M = TypeVar("M", bound=Model)

_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("field.missing", "is missing"),
    "extra_forbidden": ("field.unknown", "is not a known field"),
    "model_type": ("field.type", "must be an object"),
    "model_attributes_type": ("field.type", "must be an object"),
    "dict_type": ("field.type", "must be an object"),
    "list_type": ("field.type", "must be a list"),
    "string_type": ("field.type", "must be text"),
    "int_type": ("field.type", "must be a whole number"),
    "bool_type": ("field.type", "must be true or false"),
    "enum": ("field.choice", "must be {expected}"),
    "literal_error": ("field.choice", "must be {expected}"),
    "union_tag_invalid": ("field.choice", "must be one of {expected_tags}"),
    "union_tag_not_found": ("field.missing", "is missing"),
    "too_short": ("list.length", "must have at least {min_length} items"),
    "too_long": ("list.length", "must have at most {max_length} items"),
    "greater_than_equal": ("number.range", "must be at least {ge}"),
    "less_than_equal": ("number.range", "must be at most {le}"),
}
_LIMITS: Final = ("expected", "expected_tags", "pattern", "ge", "gt", "le", "lt", "min_length", "max_length")


def findings_of(errors: Sequence[Any], source: Any) -> tuple[Finding, ...]:
    """Translate pydantic's errors about a source value, in its order."""
    return tuple(_finding(error, source) for error in errors)


def validate(schema: type[M], source: Any) -> tuple[M | None, tuple[Finding, ...]]:
    """Judge the form of a value: the model, or every fault."""
    try:
        return schema.model_validate(source), ()
    except ValidationError as error:
        return None, findings_of(error.errors(include_url=False), source)


def _finding(error: Mapping[str, Any], source: Any) -> Finding:
    kind = str(error["type"])
    context = error.get("ctx") or {}
    rule, form = _FORMS.get(kind, (kind if "." in kind else "field.type", str(error["msg"])))
    path = path_of(error["loc"], source)
    if kind.startswith("union_tag"):
        path = f"{path}.kind" if path else "kind"
    return Finding(
        rule=rule,
        path=path,
        message=f"{path or 'the document'} {form.format_map(context) if kind in _FORMS else form}",
        value=None if rule == "field.missing" else shown(context.get("tag", error.get("input"))),
        limit=next((shown(context[name]) for name in _LIMITS if name in context), None),
    )


def path_of(location: Sequence[int | str], source: Any) -> str:
    """Write a location as ``bids[3].steps[0].quantity_mw``, without the tags pydantic adds for unions."""
    path = ""
    here = source
    for k, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, Mapping) and part in here:
            path += f".{part}" if path else part
            here = here[part]
        elif k == len(location) - 1 and isinstance(here, Mapping):
            path += f".{part}" if path else part
    return path
