"""The endpoint that is measured: the project's simulator in a process and on a core of its own."""

import asyncio
import gc
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvloop

from arguslm_simulator import Behaviour, Scenario, Simulator

MODEL = "truth"
TTFT_MS = 200.0
GAP_MS = 10.0
TOKENS = 64


@contextmanager
def truth(core: int, certificate: str | None) -> Iterator[str]:
    """The root URL of an endpoint on this core; over TLS with a file of certificate and key."""
    command = [sys.executable, "-m", "bench_fidelity.truth", str(core)]
    command += [certificate] if certificate else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("the endpoint did not start")
        try:
            yield url
        finally:
            process.terminate()


async def _serve(tls: ssl.SSLContext | None) -> None:
    behaviour = Behaviour(ttft_ms=TTFT_MS, gap_ms=GAP_MS, tokens=TOKENS)
    async with Simulator(Scenario({MODEL: behaviour}), tls=tls) as simulator:
        gc.freeze()
        print(simulator.url, flush=True)
        await asyncio.Event().wait()


def main(core: str, certificate: str | None = None) -> None:
    os.sched_setaffinity(0, {int(core)})
    with suppress(PermissionError):  # a truth that has to wait for its core is late
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    uvloop.run(_serve(tls))


if __name__ == "__main__":
    main(*sys.argv[1:])
