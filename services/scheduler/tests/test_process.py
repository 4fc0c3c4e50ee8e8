"""The scheduler as a process, on the real clock."""

import asyncio
import os
import signal
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from watched import NOW, Voice, added, model, provider, registered, requests_in

from arguslm_bus.reader import StreamReader
from arguslm_contracts.events.checks import CheckRequested
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_testkit.bus import BusForTests


async def start_process(bus: BusForTests, directory: Path) -> asyncio.subprocess.Process:
    settings = bus.settings("scheduler")
    assert settings.nats_password is not None
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from arguslm_scheduler.app import main; main()",
        env={
            **os.environ,
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_DATA_DIR": str(directory),
            "ARGUSLM_LOG_LEVEL": "warning",
        },
    )


async def requests(bus: BusForTests, at_least: int) -> list[CheckRequested]:
    """All check requests, once there are so many."""
    seen = 0
    async with asyncio.timeout(40):
        async for batch in StreamReader(await bus.client(), CHECK_REQUESTS.name, 0).batches():
            seen += len(batch)
            if seen >= at_least:
                break
    return await requests_in(bus)


async def test_killed_and_started_again_it_asks_for_every_slot_once(
    bus: BusForTests, tmp_path: Path
) -> None:
    voice, of = await Voice.on(bus), provider()
    await voice.say(registered(of))
    watched = [model(of, f"m{number}", interval_s=10) for number in range(10)]
    for one in watched:
        await voice.say(added(one))
    first = await start_process(bus, tmp_path)
    await requests(bus, at_least=15)  # ten at once, then by the clock
    first.kill()
    await first.wait()
    second = await start_process(bus, tmp_path)
    found = await requests(bus, at_least=28)
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 60) == 0
    assert max(Counter(request.request_id for request in found).values()) == 1
    slots = Counter((r.model_id, r.due_at) for r in found)
    assert max(slots.values()) == 1
    for one in watched:
        of_clock = [r for r in found if r.model_id == one.model_id and r.due_at != NOW]
        due_s = sorted(r.due_at.timestamp() for r in of_clock)
        assert all(after - before == 10 for before, after in pairwise(due_s))
