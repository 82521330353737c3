"""Settings, from the environment (``FLEXCLEAR_…``); each has a default that works on one machine."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from api.schemas.documents import MEGABYTE, ReadLimits


class Settings(BaseSettings):
    """What can be set from outside.

    Attributes:
        database_url: SQLAlchemy address of the database.
        host: address the server listens on.
        port: port the server listens on; 0 lets the system choose.
        max_body_bytes: largest request body or input file.
        max_depth: deepest nesting of a document.
        solve_limit_s: wall-clock limit of each stage of a solve, in seconds.
        solve_queue_s: how long a request waits for another that is being solved, in seconds.
        max_asset_quarter_hours: assets times quarter-hours that one request may ask to plan.
    """

    model_config = SettingsConfigDict(env_prefix="FLEXCLEAR_", extra="ignore")

    database_url: str = "sqlite:///flexclear.sqlite3"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=10 * MEGABYTE, ge=1)
    max_depth: int = Field(default=32, ge=1, le=200)
    solve_limit_s: float = Field(default=60.0, gt=0)
    solve_queue_s: float = Field(default=5.0, ge=0)
    max_asset_quarter_hours: int = Field(default=200_000, ge=1)

    @property
    def shown_database(self) -> str:
        """Address of the database without its password."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    @property
    def read_limits(self) -> ReadLimits:
        """How much is read before a document is refused."""
        return ReadLimits(max_bytes=self.max_body_bytes, max_depth=self.max_depth)
