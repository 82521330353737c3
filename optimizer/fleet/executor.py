"""Where pricing runs: this process, a pool of processes, or machines under Dask distributed.

Everything that implements `concurrent.futures.Executor` will do. An oracle travels to a worker once and stays there
under a token; later rounds send the token and the prices only. A worker that does not know the token (it is new, or it
replaced one that died) says so and is sent the oracle again. What an executor fails to answer, because its processes
were killed, is answered in this process: oracles are deterministic, so the plan is the same wherever it was made.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from optimizer.fleet.oracles.oracle import Oracle, Response
from optimizer.problems.fleet import FloatArray

KEPT_ORACLES = 64

_KNOWN: OrderedDict[str, Oracle] = OrderedDict()


@dataclass(frozen=True, slots=True)
class RemoteOracle:
    """An oracle as it travels.

    Attributes:
        token: digest of the payload.
        payload: the pickled oracle.
        oracle: the oracle itself, which stays here.
    """

    token: str
    payload: bytes
    oracle: Oracle

    @classmethod
    def of(cls, oracle: Oracle) -> RemoteOracle:
        """Pack an oracle."""
        payload = pickle.dumps(oracle, protocol=pickle.HIGHEST_PROTOCOL)
        return cls(token=hashlib.sha256(payload).hexdigest(), payload=payload, oracle=oracle)


def answer(token: str, payload: bytes | None, price_eur_per_kw: FloatArray) -> Response | None:
    """Answer on a worker; None when it does not know the oracle and was not given it."""
    oracle = _KNOWN.get(token)
    if oracle is None:
        if payload is None:
            return None
        oracle = _KNOWN[token] = pickle.loads(payload)
        while len(_KNOWN) > KEPT_ORACLES:
            _KNOWN.popitem(last=False)
    return oracle.respond(price_eur_per_kw)


def ask_everywhere(executor: Executor, remote: Sequence[RemoteOracle], price: FloatArray) -> list[Response]:
    """Ask all oracles at once and wait for all, in their order.

    Args:
        executor: where they answer.
        remote: the oracles.
        price: price per area and step.
    """
    asked = [_submit(executor, each, None, price) for each in remote]
    unknown = [k for k, future in enumerate(asked) if _lost(future) or _result(future) is None]
    again = {k: _submit(executor, remote[k], remote[k].payload, price) for k in unknown}
    answers: list[Response] = []
    for k, each in enumerate(remote):
        future = again.get(k, asked[k])
        found = None if _lost(future) else _result(future)
        answers.append(each.oracle.respond(price) if found is None else found)
    return answers


@contextmanager
def process_pool(workers: int) -> Iterator[Executor]:
    """A pool of worker processes on this machine."""
    with ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool:
        yield pool


@contextmanager
def dask_cluster(scheduler: str) -> Iterator[Executor]:
    """Workers under a Dask scheduler, such as ``tcp://10.0.0.5:8786``; needs the extra ``cluster``.

    Workers need the same version of this package. Dask itself gives the work of a lost worker to another.
    """
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False)


def _submit(
    executor: Executor, remote: RemoteOracle, payload: bytes | None, price: FloatArray
) -> Future[Response | None] | None:
    """Hand a question to the executor; None when it takes no more."""
    try:
        return executor.submit(answer, remote.token, payload, price)
    except (BrokenProcessPool, RuntimeError):
        return None


def _lost(future: Future[Response | None] | None) -> bool:
    """Whether the worker is gone; an oracle's own error is raised where it is used."""
    if future is None:
        return True
    try:
        error = future.exception()
    except CancelledError:
        return True
    return isinstance(error, BrokenProcessPool) or type(error).__name__ in ("KilledWorker", "CommClosedError")


def _result(future: Future[Response | None] | None) -> Response | None:
    return None if future is None else future.result()
