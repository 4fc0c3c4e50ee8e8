"""The flame graph of the hot loop: py-spy looks at a process that folds and does nothing else, and
counts where it is while it holds the interpreter. The child is this module as a program."""

import asyncio
import html
import os
import re
import sys
from pathlib import Path

from arguslm_bus.settings import BusSettings
from arguslm_storage.settings import StorageSettings
from bench_events.folding import Given, projector, run_here

_LOOKS_PER_S = 100
_FRAME = re.compile(r"<title>(.+?) \(([\d,]+) samples?, ([\d.]+)%\)</title>")
_WIDEST = 24


async def keep_flame_graph(given: Given, graph: Path) -> list[tuple[str, float]]:
    """Fold once more, under py-spy, and keep its graph. Gives back the widest frames and their
    shares in percent.

    Raises:
        RuntimeError: py-spy could not look, with its own words.
    """
    graph.parent.mkdir(parents=True, exist_ok=True)
    command = ["uv", "tool", "run", "py-spy", "record", "--gil", "--rate", str(_LOOKS_PER_S)]
    command += ["--format", "flamegraph", "--output", str(graph), "--"]
    command += [sys.executable, "-W", "ignore", "-m", __name__, str(given.events)]
    looking = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | _as_environment(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await looking.communicate()
    if looking.returncode or not graph.exists():
        raise RuntimeError(f"py-spy: {said.decode(errors='replace').strip()[-500:]}")
    return _widest(graph.read_text())


def _as_environment(given: Given) -> dict[str, str]:
    assert given.bus.nats_password is not None
    url = given.storage.database_url
    return {
        "ARGUSLM_NATS_URL": given.bus.nats_url,
        "ARGUSLM_NATS_PASSWORD": given.bus.nats_password.get_secret_value(),
        "ARGUSLM_DATA_DIR": str(given.storage.data_dir),
        "ARGUSLM_DATABASE_URL": url.get_secret_value() if url else "",
    }


def _widest(graph: str) -> list[tuple[str, float]]:
    """Of a frame that stands in several places, the widest."""
    shares: dict[str, float] = {}
    for name, _, percent in _FRAME.findall(graph):
        frame = html.unescape(name)
        shares[frame] = max(shares.get(frame, 0.0), float(percent))
    return sorted(shares.items(), key=lambda one: -one[1])[:_WIDEST]


if __name__ == "__main__":
    run_here(projector, Given(BusSettings(), StorageSettings(), int(sys.argv[1])))
