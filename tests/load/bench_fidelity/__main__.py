"""Stopwatches against an endpoint that knows its own truth: ours, and those of four libraries."""

import argparse
import os
import tempfile
from itertools import product
from pathlib import Path

import flames
import machine

from arguslm_testkit.certificates import self_signed
from bench_fidelity.clients import CLIENTS
from bench_fidelity.load import Fidelity, Load, measure
from bench_fidelity.truth import GAP_MS, TOKENS, TTFT_MS, truth

_STREAMS = (1, 16, 64, 256)
_OVER = ("plain", "tls")
_STALLS = ("without", "with")
_LIBRARIES = ("uvloop", "aiohttp", "httpx", "openai", "litellm", "orjson")
_HEAD = (
    "| client | streams | | CPU us/chunk | TTFT error p50 / p99 | lag p50 / p99 "
    "| gap error p1 / p99 | endpoint late p50 / p99 | chunks |\n" + "|---" * 9 + "|"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench-fidelity", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="per line of the table (5)")
    parser.add_argument("--client", choices=CLIENTS, action="append", help="default: all")
    parser.add_argument("--streams", type=int, action="append", help="default: 1, 16, 64, 256")
    parser.add_argument("--over", choices=_OVER, action="append", help="default: both")
    parser.add_argument("--stalls", choices=_STALLS, action="append", help="both")
    parser.add_argument(
        "--flames",
        type=Path,
        metavar="DIRECTORY",
        help="keep a flame graph of each line's client here; being looked at costs it time",
    )
    arguments = parser.parse_args()
    for line in machine.describe(_LIBRARIES):
        print(line)
    print(
        f"TTFT {TTFT_MS:g} ms, gap {GAP_MS:g} ms, {TOKENS} tokens; all errors in ms. "
        "Stalls: 20 ms of the event loop in each 100 ms.\n"
    )
    print(_HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="arguslm-bench-") as name:
        certificate = self_signed(Path(name))
        for over, stalls, streams, client in product(
            arguments.over or _OVER,
            arguments.stalls or _STALLS,
            arguments.streams or _STREAMS,
            arguments.client or CLIENTS,
        ):
            secured_by = str(certificate) if over == "tls" else None
            load = Load(client, streams, arguments.seconds, secured_by, stalls == "with")
            graph = arguments.flames and arguments.flames / f"{_name(load)}.svg"
            print(_row(load, _measured(load, graph)), flush=True)
            if graph:
                print(flames.describe(graph), flush=True)


def _name(load: Load) -> str:
    """Of the file of its flame graph."""
    kind = ("tls" if load.certificate else "plain") + ("-stalls" if load.stalls else "")
    return f"{load.client}-{load.streams}-{kind}"


def _measured(load: Load, graph: Path | None) -> Fidelity:
    """The endpoint has one core for itself, and the client another."""
    cores = sorted(os.sched_getaffinity(0))
    with truth(cores[-1], load.certificate) as url:
        return measure(load, url, cores[0], graph)


def _row(load: Load, found: Fidelity) -> str:
    kind = ("TLS" if load.certificate else "plain") + (", stalls" if load.stalls else "")

    def pair(low: float, high: float) -> str:
        return f"{low:.3f} / {high:.3f}"

    return " | ".join(
        (
            f"| {load.client}",
            str(load.streams),
            kind,
            f"{found.cpu_us_per_chunk:.1f}",
            pair(found.ttft_error_p50, found.ttft_error_p99),
            pair(found.lag_p50, found.lag_p99),
            pair(found.gap_error_p1, found.gap_error_p99),
            pair(found.late_p50, found.late_p99),
            f"{found.chunks:,} |",
        )
    )


if __name__ == "__main__":
    main()
