"""How endpoints answer: the market's own objects as plain JSON values, and where to find what was created."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import JSONResponse

from api.schemas.answers import ProblemAnswer
from market.domain.schedule import Schedule
from market.ports import ClearingSummary, StoredBid, StoredOrder
from market.snapshot import JsonValue, to_plain

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": ProblemAnswer, "description": text}
    for code, text in (
        (400, "the body cannot be read"),
        (404, "there is no such thing"),
        (409, "the state does not allow this"),
        (413, "the body is too large"),
        (415, "the body is not JSON"),
        (422, "the input has faults; all of them are listed"),
    )
}
READ_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {code: REFUSALS[code] for code in (404, 422)}


def answer(content: object) -> JSONResponse:
    """Answer with something that exists."""
    return JSONResponse(to_plain(content))


def created(location: str, content: object) -> JSONResponse:
    """Answer with something new and where it is."""
    return JSONResponse(to_plain(content), status_code=201, headers={"Location": location})


def receipt(id: str, stored: StoredBid | StoredOrder) -> JsonValue:
    """Write the receipt of a submission."""
    submission = stored.bid if isinstance(stored, StoredBid) else stored.order
    return to_plain({"id": id, "submitted_at": submission.submitted_at, "content_hash": stored.content_hash})


def clearing_summary(summary: ClearingSummary) -> dict[str, JsonValue]:
    """Write what a list shows of a clearing."""
    plain: dict[str, JsonValue] = to_plain(summary)
    return plain


def schedule_answer(schedule: Schedule) -> JsonValue:
    """Write a schedule with the power of the connection, the sum of its assets."""
    return to_plain({**to_plain(schedule), "power_kw": schedule.power_kw})
