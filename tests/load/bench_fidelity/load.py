"""One client under load in a process of its own, and what its stopwatch was worth."""

import asyncio
import gc
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import uvloop
from flames import under_py_spy

from bench_fidelity.clients import CLIENTS, Ask, Trace
from bench_fidelity.truth import GAP_MS, TOKENS, TTFT_MS

_NS_PER_MS = 1_000_000
_STALL_S, _STALL_EVERY_S = 0.02, 0.1
_SWITCH_INTERVAL_S = 0.0002  # as the measurer sets it


@dataclass(frozen=True, slots=True)
class Load:
    """`streams` answers at once for `seconds`, asked for by one client. `certificate` is the file
    of the endpoint's where it speaks TLS; with `stalls`, the client's loop is busy now and then."""

    client: str
    streams: int
    seconds: float
    certificate: str | None
    stalls: bool


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Errors in milliseconds at quantiles; `late` is the endpoint's own, transit included."""

    chunks: int
    cpu_us_per_chunk: float
    ttft_error_p50: float
    ttft_error_p99: float
    lag_p50: float
    lag_p99: float
    gap_error_p1: float
    gap_error_p99: float
    late_p50: float
    late_p99: float


def measure(load: Load, url: str, core: int, graph: Path | None = None) -> Fidelity:
    """Run it against `url`, in a new process on this core; with `graph`, draw where it is."""
    command = [sys.executable, "-W", "ignore", "-m", "bench_fidelity.load"]
    command += [json.dumps(asdict(load)), url, str(core)]
    trust = {"SSL_CERT_FILE": load.certificate} if load.certificate else {}
    done = subprocess.run(
        under_py_spy(command, graph, "--native", "--threads") if graph else command,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **trust},
    )
    (found,) = (line for line in done.stdout.splitlines() if line.startswith('{"chunks"'))
    return Fidelity(**json.loads(found))


async def _run(load: Load, url: str) -> Fidelity:
    tls = ssl.create_default_context(cafile=load.certificate) if load.certificate else None
    async with CLIENTS[load.client](url, tls) as ask:
        await ask()  # lazy imports and first connections are nobody's error
        gc.collect()
        gc.freeze()
        stalling = asyncio.create_task(_stall()) if load.stalls else None
        began = time.process_time()
        traces = await _under_load(ask, load)
        cpu_s = time.process_time() - began
        if stalling is not None:
            stalling.cancel()
    return _judged(traces, cpu_s)


async def _under_load(ask: Ask, load: Load) -> list[Trace]:
    traces: list[Trace] = []
    answer_s = (TTFT_MS + (TOKENS - 1) * GAP_MS) / 1000
    ends = time.monotonic() + load.seconds

    async def stream(number: int) -> None:
        await asyncio.sleep(answer_s * number / load.streams)  # never all tokens at one moment
        while time.monotonic() < ends:
            traces.append(await ask())

    await asyncio.gather(*(stream(number) for number in range(load.streams)))
    return traces


async def _stall() -> None:
    """Keep the loop busy with Python's own work, again and again."""
    while True:
        await asyncio.sleep(_STALL_EVERY_S - _STALL_S)
        until = time.monotonic() + _STALL_S
        while time.monotonic() < until:
            pass


def _judged(traces: Sequence[Trace], cpu_s: float) -> Fidelity:
    ttft, lag, gap, late = list[float](), list[float](), list[float](), list[float]()
    chunks = 0
    for trace in traces:
        tokens = list(trace.read_tokens())
        assert len(tokens) == TOKENS
        chunks += TOKENS
        received_ns, server_ns = tokens[0]
        ttft.append(_ms(received_ns - trace.sent_ns) - TTFT_MS)
        lag.append(_ms(received_ns - server_ns))
        late.append(_ms(server_ns - trace.sent_ns) - TTFT_MS)
        gap.extend(_ms((b[0] - a[0]) - (b[1] - a[1])) for a, b in pairwise(tokens))
    return Fidelity(
        chunks,
        cpu_s / chunks * 1e6,
        *_at(ttft, 0.5, 0.99),
        *_at(lag, 0.5, 0.99),
        *_at(gap, 0.01, 0.99),
        *_at(late, 0.5, 0.99),
    )


def _at(values: list[float], *quantiles: float) -> Iterator[float]:
    values.sort()
    return (values[int(q * (len(values) - 1))] for q in quantiles)


def _ms(ns: int) -> float:
    return ns / _NS_PER_MS


def main(load: Load, url: str, core: int) -> None:
    os.sched_setaffinity(0, {core})
    with suppress(OSError):  # what else this machine does is no client's error
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        Path("/proc/self/autogroup").write_text("-20")
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    print(json.dumps(asdict(uvloop.run(_run(load, url)))))


if __name__ == "__main__":
    main(Load(**json.loads(sys.argv[1])), sys.argv[2], int(sys.argv[3]))
