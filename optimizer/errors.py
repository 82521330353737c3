"""Exceptions for broken contracts. Input problems are findings and solver knowledge is an outcome, never these."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.findings import Finding


class OptimizerError(Exception):
    """Base of every exception the optimizer raises on purpose."""


class InvalidProblemError(OptimizerError):
    """A problem was solved although its checks found faults.

    Attributes:
        findings: everything the checks found.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f.message for f in self.findings) or "invalid problem")


class ModelError(OptimizerError):
    """A formulation produced something that is not a finite mixed-integer linear program."""


class SolverError(OptimizerError):
    """The solver refused a call that must not be refused."""


class VerificationError(OptimizerError):
    """A result failed the independent check: it must not be shown to anyone.

    Attributes:
        findings: what the judge found.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f.message for f in self.findings) or "verification failed")
