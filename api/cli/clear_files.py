"""The work of ``flexclear clear``: read, clear, show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from api.cli.output import ExitCode, Output, printable
from api.cli.progress import ProgressLine
from api.cli.tables import (
    show_needs,
    show_orders,
    show_pairs,
    show_rows,
    show_tender_awards,
    show_tender_decisions,
    show_tender_windows,
)
from api.schemas.documents import read_file
from api.schemas.files import read_redispatch_file, read_tender_file
from api.settings import Settings
from market.clearing.redispatch import clear_redispatch
from market.clearing.tender import clear_tender
from market.domain.award import RedispatchClearing, StageProof
from market.domain.lifecycle import ClearingStatus
from market.domain.tender import Tender
from market.domain.tender_award import BidDecision, TenderClearing
from market.services.clearings import status_of_redispatch, status_of_tender
from market.services.market import relay
from optimizer.runs.tender import EXACT


def clear_tender_from(file: Path, *, as_json: bool, time_limit_s: float | None) -> ExitCode:
    """Clear the tender in a file and show the outcome."""
    output = Output(as_json)
    with output.answering():
        book = read_tender_file(read_file(file, Settings().read_limits))
        with ProgressLine(f"clearing tender {book.tender.id}") as progress:
            clearing = clear_tender(
                book.tender,
                book.bids,
                connections=book.places,
                qualified_mw=book.qualified_mw,
                options=replace(EXACT, time_limit_s=time_limit_s),
                listener=relay(progress.watch, "tender"),
            )
        status = status_of_tender(clearing)
        if as_json:
            output.write_json({"status": status, "result": clearing})
        else:
            _show_tender(output, clearing, book.tender)
    return _exit_code(status)


def clear_redispatch_from(file: Path, *, as_json: bool, time_limit_s: float | None) -> ExitCode:
    """Clear the needs and orders in a file and show the outcome."""
    output = Output(as_json)
    with output.answering():
        book = read_redispatch_file(read_file(file, Settings().read_limits))
        with ProgressLine("clearing redispatch") as progress:
            clearing = clear_redispatch(
                book.needs,
                book.orders,
                book.connections,
                headroom=book.headroom,
                obliged_eans=book.obliged_eans,
                options=replace(book.options, time_limit_s=time_limit_s),
                listener=progress.watch,
            )
        status = status_of_redispatch(clearing)
        if as_json:
            output.write_json({"status": status, "result": clearing})
        else:
            for table in (show_needs(clearing), show_orders(clearing, book.orders), show_pairs(clearing)):
                output.console.print(table)
            _show_missing_bids(output, clearing)
            _show_proof(output, clearing.certificate.stages, status, clearing.certificate.input_hash)
    return _exit_code(status)


def _show_tender(output: Output, clearing: TenderClearing, tender: Tender) -> None:
    output.console.print(show_tender_decisions(clearing))
    for award in clearing.awards:
        if award.decision is not BidDecision.ACCEPTED:
            output.console.print(printable(f"  {award.bid_id}: {award.sentence}"))
    output.console.print()
    output.console.print(show_tender_awards(clearing))
    output.console.print(show_tender_windows(clearing, tender))
    _show_proof(output, clearing.certificate.stages, status_of_tender(clearing), clearing.certificate.input_hash)


def _show_missing_bids(output: Output, clearing: RedispatchClearing) -> None:
    if clearing.missing_bids:
        rows = [[bid.need_id, bid.ean, str(len(bid.quarter_hours))] for bid in clearing.missing_bids]
        output.console.print(show_rows("Bids that were owed and are missing", ["need", "EAN", ">quarter-hours"], rows))


def _show_proof(output: Output, stages: tuple[StageProof, ...], status: ClearingStatus, input_hash: str) -> None:
    rows = [
        [
            stage.name,
            stage.unit,
            f"{stage.objective:.2f}",
            "-" if stage.bound is None else f"{stage.bound:.2f}",
            "yes" if stage.proven else "NO",
        ]
        for stage in stages
    ]
    output.console.print(show_rows("Proof", ["stage", "unit", ">reached", ">bound", "proven"], rows))
    output.console.print(f"{status.value}; input {input_hash}")


def _exit_code(status: ClearingStatus) -> ExitCode:
    return ExitCode.UNPROVEN if status is ClearingStatus.UNPROVEN else ExitCode.DONE
