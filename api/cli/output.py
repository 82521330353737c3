"""How commands answer: tables or JSON on standard output, findings and progress on standard error, an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import typer
from pydantic import ValidationError
from rich.console import Console

from api.cli.tables import show_rows
from api.schemas.documents import UnreadableError
from market.errors import RefusedInputError, StoreError
from market.snapshot import to_plain
from optimizer.errors import InvalidProblemError, SolverError, VerificationError
from optimizer.findings import Finding

_WIDTH_WITHOUT_TERMINAL: Final = 140
_SHOWN_FINDINGS: Final = 200


class ExitCode(IntEnum):
    """Exit codes of every command; 1 is an error of ours, 2 is also what a mistyped command line gives."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    INFEASIBLE = 3
    UNPROVEN = 4


def _open_console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False, soft_wrap=False)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command writes to.

    Attributes:
        as_json: whether a machine reads the answer.
        console: standard output, for tables.
        errors: standard error.
    """

    as_json: bool
    console: Console = field(default_factory=lambda: _open_console(stderr=False))
    errors: Console = field(default_factory=lambda: _open_console(stderr=True))

    def write_json(self, content: object) -> None:
        """Write one JSON document."""
        sys.stdout.write(json.dumps(to_plain(content), ensure_ascii=False, indent=2) + "\n")

    def say(self, sentence: str) -> None:
        """Write a sentence about the answer to people."""
        self.errors.print(printable(sentence))

    def show_findings(self, title: str, findings: Sequence[Finding]) -> None:
        """Write findings to standard error: a table for people, a JSON document for machines."""
        if self.as_json:
            sys.stderr.write(json.dumps({"title": title, "findings": to_plain(findings)}, ensure_ascii=True) + "\n")
            return
        rows = [[f.path or "-", f.message, f.value or "", f.limit or "", f.rule] for f in findings[:_SHOWN_FINDINGS]]
        columns = ["where", "what is wrong", "value", "limit", "rule"]
        self.errors.print(show_rows(title, columns, [[printable(cell) for cell in row] for row in rows]))
        if len(findings) > _SHOWN_FINDINGS:
            self.say(f"… and {len(findings) - _SHOWN_FINDINGS} more; --json lists all")

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn every refusal inside into findings or a sentence, and an exit code."""
        try:
            yield
        except UnreadableError as error:
            self._end("The input cannot be read; nothing was stored", [error.finding], ExitCode.BAD_INPUT)
        except (RefusedInputError, InvalidProblemError) as error:
            count = "1 fault" if len(error.findings) == 1 else f"{len(error.findings)} faults"
            self._end(f"The input has {count}; nothing was stored", error.findings, ExitCode.BAD_INPUT)
        except VerificationError as error:
            self._end("The result did not pass its independent check", error.findings, ExitCode.FAILED)
        except SolverError as error:
            finding = Finding(rule="solver.no_result", path="", message=str(error))
            self._end("The search ended without any result", [finding], ExitCode.UNPROVEN)
        except StoreError as error:
            finding = Finding(rule="store", path="", message=str(error))
            self._end("The database cannot be worked with", [finding], ExitCode.FAILED)
        except ValidationError as error:
            faults = [
                Finding(rule="settings", path=".".join(map(str, e["loc"])), message=str(e["msg"]))
                for e in error.errors(include_url=False, include_input=False)
            ]
            self._end("The settings (FLEXCLEAR_…) have faults", faults, ExitCode.BAD_INPUT)

    def _end(self, title: str, findings: Sequence[Finding], code: ExitCode) -> None:
        self.show_findings(title, findings)
        raise typer.Exit(code)


def printable(text: str) -> str:
    """Make a text from an input safe for a terminal: control characters and halves of surrogates are written out."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()
