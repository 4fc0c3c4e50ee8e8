"""The flame graph of the hot loop: a process that folds and does nothing else. The child is this
module as a program."""

import asyncio
import os
import sys
from pathlib import Path

from flames import under_py_spy

from arguslm_bus.settings import BusSettings
from arguslm_storage.settings import StorageSettings
from bench_events.folding import Given, projector, run_here


async def draw(given: Given, graph: Path) -> None:
    """Fold once more, and draw where the interpreter is meanwhile.

    Raises:
        RuntimeError: py-spy could not look, with its own words.
    """
    command = [sys.executable, "-W", "ignore", "-m", __name__, str(given.events)]
    looking = await asyncio.create_subprocess_exec(
        *under_py_spy(command, graph, "--gil"),
        env=os.environ | _as_environment(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await looking.communicate()
    if looking.returncode:
        raise RuntimeError(f"py-spy: {said.decode(errors='replace').strip()[-500:]}")


def _as_environment(given: Given) -> dict[str, str]:
    assert given.bus.nats_password is not None
    url = given.storage.database_url
    return {
        "ARGUSLM_NATS_URL": given.bus.nats_url,
        "ARGUSLM_NATS_PASSWORD": given.bus.nats_password.get_secret_value(),
        "ARGUSLM_DATA_DIR": str(given.storage.data_dir),
        "ARGUSLM_DATABASE_URL": url.get_secret_value() if url else "",
    }


if __name__ == "__main__":
    run_here(projector, Given(BusSettings(), StorageSettings(), int(sys.argv[1])))
