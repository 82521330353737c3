"""``flexclear serve``: the HTTP API with its documentation."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Serve the API under /v1 and its documentation under /docs until Ctrl-C."""
    import uvicorn

    from api.app import create_app
    from api.cli.output import Output
    from api.settings import Settings
    from api.wiring import open_market

    output = Output(as_json=False)
    with output.answering():
        settings = Settings()
        open_market(settings).store.close()
        output.say(f"flexclear with {settings.shown_database}; documentation at /docs, Ctrl-C ends")
        uvicorn.run(
            create_app(settings),
            host=settings.host if host is None else host,
            port=settings.port if port is None else port,
            log_level="info",
            server_header=False,
        )
