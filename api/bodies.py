"""Request bodies: refused by size and type before they are read, then parsed and judged as strictly as files are."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from api.problems import NOT_JSON, ProblemError, unreadable
from api.schemas.documents import Document, ReadLimits, UnreadableError, parse, too_large
from api.schemas.validation import judge
from api.schemas.values import Model
from market.errors import RefusedInputError
from optimizer.findings import Finding

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def known_findings(request: Request) -> tuple[Finding, ...]:
    """What is already known to be wrong with the body when its use case begins."""
    known: tuple[Finding, ...] = getattr(request.state, "known_findings", ())
    return known


Known = Annotated[tuple[Finding, ...], Depends(known_findings)]
"""Faults of form that a use case adds its own findings to, and refuses for."""


class StrictRoute(APIRoute):
    """A route whose body is read strictly and judged before its endpoint is called.

    An endpoint that takes `Known` is also called with a body that has faults of form, as far as the rest can be judged,
    so that the answer lists everything; it must hand them to its use case, which refuses. Any other endpoint is not.
    """

    def get_route_handler(self) -> Handler:
        """Wrap the handler so that it is given a body that was judged."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler
        schema: type[Model] = self.body_field.field_info.annotation  # type: ignore[assignment]
        merges = any(dependency.call is known_findings for dependency in self.dependant.dependencies)

        async def handle(request: Request) -> Response:
            _require_json(request)
            document = await _read(request, request.app.state.settings.read_limits)
            judged = judge(schema, document.value)
            known = (*document.findings, *judged.findings)
            if judged.model is None or (known and not merges):
                raise RefusedInputError(known)
            request.state.known_findings = known
            return await handler(_JudgedRequest(request, judged.model))

        return handle


class _JudgedRequest(Request):
    """A request whose body is a judged model."""

    def __init__(self, request: Request, model: Model) -> None:
        super().__init__(request.scope, request.receive)
        self._model = model
        self._body = b"read and judged"

    async def json(self) -> Any:
        """The judged body."""
        return self._model


async def _read(request: Request, limits: ReadLimits) -> Document:
    try:
        stated = request.headers.get("content-length", "0")
        if stated.isdigit() and int(stated) > limits.max_bytes:
            raise too_large(limits)
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > limits.max_bytes:
                raise too_large(limits)
        return parse(bytes(data), limits)
    except UnreadableError as error:
        raise unreadable(error) from error


def _require_json(request: Request) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        finding = Finding(
            rule="document.media_type",
            path="",
            message=f"the body is {given or 'of no stated type'}, not application/json",
            value=given,
            limit="application/json",
        )
        raise ProblemError(NOT_JSON, [finding])
