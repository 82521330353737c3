"""Turn what pydantic finds into findings: one vocabulary for form and meaning, with the place as people write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import ValidationError

from api.schemas.documents import shown
from api.schemas.values import NOT_READ, Model
from optimizer.findings import Finding

M = TypeVar("M", bound=Model)
M_co = TypeVar("M_co", bound=Model, covariant=True)

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


Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Generic[M_co]):
    """What is known about the form of a document.

    Attributes:
        model: the document without what has to be left out of it; None when too little is left to look further.
        findings: every fault of form.
        kept: per list that may lose items, the positions in the document of those that were kept.
        thinned: lists that lost items.
    """

    model: M_co | None
    findings: tuple[Finding, ...]
    kept: Mapping[str, Sequence[int]]
    thinned: frozenset[str] = frozenset()


def findings_of(errors: Sequence[Any], source: Any) -> tuple[Finding, ...]:
    """Translate pydantic's errors about a source value, in its order."""
    return tuple(_finding(error, source) for error in errors)


def validate(schema: type[M], source: Any) -> tuple[M | None, tuple[Finding, ...]]:
    """Judge the form of a value: the model, or every fault."""
    judged = judge(schema, source)
    return (None if judged.findings else judged.model), judged.findings


def judge(schema: type[M], source: Any, lists: Sequence[str] = ()) -> Judged[M]:
    """Judge the form of a document, and keep what can still be judged by the rules of the market.

    Unknown fields are left out, faulty numbers are marked as not read, and items of the named lists with any other
    fault are left out as a whole. So a file with a misspelt field in one bid hears about the ceiling of another, too.
    """
    everything = {name: range(len(source[name])) for name in lists if _has_list(source, name)}
    try:
        return Judged(model=schema.model_validate(source), findings=(), kept=everything)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    findings = findings_of(errors, source)
    reduced, kept = _reduce(source, errors, everything)
    try:
        model = None if reduced is None else schema.model_validate(reduced)
    except ValidationError:
        model = None
    thinned = frozenset(name for name in kept if len(kept[name]) < len(everything[name]))
    return Judged(model=model, findings=findings, kept=kept, thinned=thinned)


def _reduce(
    source: Any, errors: Sequence[Any], everything: Mapping[str, Sequence[int]]
) -> tuple[Any | None, Mapping[str, Sequence[int]]]:
    """Leave out what is faulty; None when the fault is not in something that can be left out."""
    reduced = deepcopy(source)
    dropped: dict[str, set[int]] = {name: set() for name in everything}
    for error in errors:
        place = place_of(error["loc"], source)
        kind = str(error["type"])
        if kind == "extra_forbidden":
            _at(reduced, place[:-1]).pop(place[-1], None)
        elif kind.startswith("number.") and kind != "number.range":
            _at(reduced, place[:-1])[place[-1]] = NOT_READ
        elif len(place) > 1 and place[0] in dropped:
            dropped[str(place[0])].add(int(place[1]))
        else:
            return None, everything
    kept = {name: [k for k in positions if k not in dropped[name]] for name, positions in everything.items()}
    for name, positions in kept.items():
        reduced[name] = [reduced[name][k] for k in positions]
    return reduced, kept


def _has_list(source: Any, name: str) -> bool:
    return isinstance(source, Mapping) and isinstance(source.get(name), list)


def _at(value: Any, place: Place) -> Any:
    for part in place:
        value = value[part]
    return value


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
    """Write a location as ``bids[3].steps[0].quantity_mw``."""
    path = ""
    for part in place_of(location, source):
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def place_of(location: Sequence[int | str], source: Any) -> Place:
    """Follow a location into its source, leaving out the tags pydantic adds for unions."""
    place: list[int | str] = []
    here = source
    for k, part in enumerate(location):
        if isinstance(part, int):
            place.append(part)
            here = here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, Mapping) and part in here:
            place.append(part)
            here = here[part]
        elif k == len(location) - 1 and isinstance(here, Mapping):
            place.append(part)
    return tuple(place)
