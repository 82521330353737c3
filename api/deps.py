"""What endpoints are given: the market, a place in the queue for solving, and the page that was asked for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from threading import Lock
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.problems import BUSY, ProblemError
from api.settings import Settings
from market.errors import RefusedInputError
from market.ports import Page
from market.services.market import Market
from market.snapshot import JsonValue
from optimizer.findings import Finding

T = TypeVar("T")

RETRY_S: Final = 5


def get_market(request: Request) -> Market:
    """The market the app was started with."""
    market: Market = request.app.state.market
    return market


def get_settings(request: Request) -> Settings:
    """The settings the app was started with."""
    settings: Settings = request.app.state.settings
    return settings


def take_solving_turn(request: Request) -> Iterator[None]:
    """Let one request solve at a time; whoever waits too long for its turn is asked to come back."""
    turn: Lock = request.app.state.solving
    if not turn.acquire(timeout=request.app.state.settings.solve_queue_s):
        finding = Finding(rule="solver.busy", path="", message="another request is still being solved")
        raise ProblemError(BUSY, [finding], {"Retry-After": str(RETRY_S)})
    try:
        yield
    finally:
        turn.release()


UsedMarket = Annotated[Market, Depends(get_market)]
UsedSettings = Annotated[Settings, Depends(get_settings)]
SolvingTurn = Depends(take_solving_turn)


class PageQuery(BaseModel):
    """Which part of a list to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=200, description="most items of the page")
    cursor: str | None = Field(default=None, max_length=200, description="`next_cursor` of the page before")

    @property
    def after(self) -> str | None:
        """Id after which the page begins.

        Raises:
            RefusedInputError: the cursor was not given by this server.
        """
        if self.cursor is None:
            return None
        try:
            return base64.b64decode(self.cursor, altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError) as error:
            message = "the cursor is not one that a page gave"
            raise RefusedInputError(
                [Finding(rule="page.cursor", path="query.cursor", message=message, value=self.cursor)]
            ) from error


AskedPage = Annotated[PageQuery, Query()]


def page_answer(page: Page[T], items: list[JsonValue]) -> JsonValue:
    """Write a page with the cursor of the next one."""
    next_after = page.next_after
    cursor = None if next_after is None else base64.urlsafe_b64encode(next_after.encode()).decode()
    return {"items": items, "next_cursor": cursor}
