"""Problems: every refusal as RFC 9457 problem+json with its findings, and the one table of HTTP codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.schemas.documents import UnreadableError
from api.schemas.validation import findings_of
from market.errors import ConflictError, NotFoundError, RefusedInputError, StoreError, UnprovenError
from market.snapshot import to_plain
from optimizer.errors import InvalidProblemError, SolverError, VerificationError
from optimizer.findings import Finding

MEDIA_TYPE: Final = "application/problem+json"
LONGEST_LIST: Final = 1000
"""Findings shown of one refusal; the number beyond is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A kind of refusal.

    Attributes:
        status: HTTP status code.
        slug: last part of its type.
        title: what it is, the same for every occurrence.
    """

    status: HTTPStatus
    slug: str
    title: str


MALFORMED: Final = Problem(status=HTTPStatus.BAD_REQUEST, slug="malformed", title="The body cannot be read")
TOO_LARGE: Final = Problem(
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, slug="too-large", title="The request is larger than is accepted"
)
NOT_JSON: Final = Problem(
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, slug="media-type", title="The body is not application/json"
)
REFUSED: Final = Problem(
    status=HTTPStatus.UNPROCESSABLE_ENTITY, slug="refused", title="The input has faults; nothing of it was stored"
)
BUSY: Final = Problem(
    status=HTTPStatus.SERVICE_UNAVAILABLE, slug="busy", title="Other work is being solved; ask again later"
)

TABLE: Final[Mapping[type[Exception], Problem]] = {
    RequestValidationError: REFUSED,
    RefusedInputError: REFUSED,
    InvalidProblemError: REFUSED,
    UnreadableError: MALFORMED,
    NotFoundError: Problem(status=HTTPStatus.NOT_FOUND, slug="not-found", title="There is no such thing"),
    ConflictError: Problem(status=HTTPStatus.CONFLICT, slug="conflict", title="The state does not allow this"),
    StoreError: Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE, slug="store", title="The database cannot be worked with"
    ),
    SolverError: Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE, slug="no-result", title="The search ended without any result"
    ),
    UnprovenError: Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE, slug="unproven", title="The search ended before its result was proven"
    ),
    VerificationError: Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        slug="unverified",
        title="The result did not pass its independent check and was not stored",
    ),
}
"""Which problem each exception is; everything else is an internal error."""

INTERNAL: Final = Problem(
    status=HTTPStatus.INTERNAL_SERVER_ERROR, slug="internal", title="Something went wrong on our side"
)


class ProblemError(HTTPException):
    """A refusal of the HTTP layer itself.

    Attributes:
        problem: its kind.
        findings: why.
    """

    def __init__(self, problem: Problem, findings: Sequence[Finding], headers: Mapping[str, str] | None = None) -> None:
        self.problem = problem
        self.findings = tuple(findings)
        super().__init__(status_code=problem.status, headers=dict(headers or {}))


def install_problem_handlers(app: FastAPI) -> None:
    """Let the app answer every refusal with a problem."""
    app.add_exception_handler(ProblemError, _answer_problem_error)
    app.add_exception_handler(StarletteHTTPException, _answer_http_exception)
    for kind in TABLE:
        app.add_exception_handler(kind, _answer_exception)
    app.add_exception_handler(Exception, _answer_internal)


def describe_problems(spec: dict[str, Any]) -> dict[str, Any]:
    """Let an OpenAPI document say that every refusal is a problem."""
    for verbs in spec["paths"].values():
        for operation in verbs.values():
            for code, answer in operation["responses"].items():
                if code >= "400" and "content" in answer:
                    answer["content"] = {MEDIA_TYPE: answer["content"].pop("application/json")}
    return spec


def answer_problem(
    problem: Problem,
    request: Request,
    detail: str,
    findings: Sequence[Finding],
    headers: Mapping[str, str] | None = None,
    **extensions: Any,
) -> JSONResponse:
    """Write a problem."""
    beyond = len(findings) - LONGEST_LIST
    return JSONResponse(
        {
            "type": f"/docs#problem-{problem.slug}",
            "title": problem.title,
            "status": int(problem.status),
            "detail": _sendable(detail),
            "instance": _sendable(request.url.path),
            "findings": [_sendable(to_plain(finding)) for finding in findings[:LONGEST_LIST]],
            **({"findings_not_shown": beyond} if beyond > 0 else {}),
            **extensions,
        },
        status_code=int(problem.status),
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def unreadable(error: UnreadableError) -> ProblemError:
    """Make a refusal of a body that cannot be read."""
    return ProblemError(TOO_LARGE if error.too_large else MALFORMED, [error.finding])


def _answer_exception(request: Request, error: Exception) -> JSONResponse:
    problem = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    if isinstance(error, RequestValidationError):
        findings = _request_findings(error)
        return answer_problem(problem, request, _counted(findings), findings)
    if isinstance(error, RefusedInputError | InvalidProblemError | VerificationError):
        return answer_problem(problem, request, _counted(error.findings), error.findings)
    if isinstance(error, ConflictError):
        finding = Finding(
            rule=f"{error.kind}.state",
            path="",
            message=str(error),
            ids=(error.id,),
            value=error.state,
            limit=error.needed,
        )
        return answer_problem(problem, request, str(error), [finding], state=error.state)
    if isinstance(error, NotFoundError):
        finding = Finding(rule=f"{error.kind}.unknown", path="", message=str(error), value=error.id)
        return answer_problem(problem, request, str(error), [finding])
    finding = Finding(rule=f"service.{problem.slug.replace('-', '_')}", path="", message=str(error) or problem.title)
    return answer_problem(problem, request, finding.message, [finding])


def _answer_problem_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ProblemError):
        raise error
    return answer_problem(error.problem, request, _counted(error.findings), error.findings, error.headers)


def _answer_http_exception(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, StarletteHTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        rule, message = "route.unknown", f"there is nothing at {request.url.path}"
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        rule, message = "route.method", f"{request.method} is not possible at {request.url.path}"
    else:
        rule, message = "request", str(error.detail)
    allowed = (error.headers or {}).get("allow") or (error.headers or {}).get("Allow")
    finding = Finding(rule=rule, path="", message=message, value=request.method, limit=allowed)
    slug = status.phrase.lower().replace(" ", "-")
    problem = Problem(status=status, slug=slug, title=status.phrase)
    return answer_problem(problem, request, message, [finding], error.headers)


def _answer_internal(request: Request, _error: Exception) -> JSONResponse:
    finding = Finding(rule="service.internal", path="", message="an error that was not foreseen; it was logged")
    return answer_problem(INTERNAL, request, INTERNAL.title, [finding])


def _request_findings(error: RequestValidationError) -> tuple[Finding, ...]:
    """Findings of a request; places in the body are written without saying that they are in the body."""
    found: list[Finding] = []
    for item in error.errors():
        where, *inside = item["loc"]
        if where == "body":
            found += findings_of([{**item, "loc": tuple(inside)}], error.body)
        else:
            found += findings_of([{**item, "loc": (".".join(map(str, item["loc"])),)}], {})
    return tuple(found)


def _counted(findings: Sequence[Finding]) -> str:
    if len(findings) == 1:
        return findings[0].message
    return f"{len(findings)} findings"


def _sendable(value: Any) -> Any:
    """Replace what cannot be written as UTF-8, which a URL or a key may hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {name: _sendable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return value
