"""A prober begins without LiteLLM, and nothing is imported while a clock runs."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from probing import API_KEY, House, request

from arguslm_simulator import Simulator

# A new interpreter, for this one has met LiteLLM before. It does what the prober's app does, and
# notes which modules come with the start and which between a request's first and last stamp.
_PROGRAM = """
import asyncio, json, sys
from arguslm_contracts.events.checks import CheckRequested
from arguslm_contracts.envelope import Recorded
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_llm.wire import Wire
import arguslm_prober.app
from arguslm_prober.workers import Prober
from arguslm_storage.vault import Vault

at_start = "litellm" in sys.modules
within = []
exchange = Wire.exchange

async def watched(self, *args, **kwargs):
    before = set(sys.modules)
    try:
        return await exchange(self, *args, **kwargs)
    finally:
        within.extend(set(sys.modules) - before)

class Publisher:
    async def was_said(self, event, since):
        return False

    async def append(self, event, cause=None):
        self.done = event

async def main():
    Wire.exchange = watched
    key, body = json.loads(sys.stdin.read())
    asked = CheckRequested.model_validate(body)
    measurer, publisher = Measurer(), Publisher()
    prober = Prober(publisher, measurer, Vault([key]), Network())
    await prober.check(Recorded(
        event=asked, event_id="1", source="/test", time=asked.due_at, stream="CHECK_REQUESTS",
        sequence=1, subject=asked.subject, cause=None,
    ))
    await measurer.close()
    print(json.dumps({
        "at_start": at_start, "after": "litellm" in sys.modules, "within": within,
        "done": json.loads(publisher.done.model_dump_json()),
    }))

asyncio.run(main())
"""


@pytest.mark.timeout(300)
async def test_the_first_check_of_a_cold_prober_is_timed_by_a_warm_one(
    house: House, encryption_key: str, simulator: Simulator
) -> None:
    asked = request(
        house.target(simulator.url, "swift", api_key=API_KEY),
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    given = json.dumps([encryption_key, json.loads(asked.model_dump_json())])
    said, _ = await asyncio.wait_for(program.communicate(given.encode()), 280)
    found: dict[str, Any] = json.loads(said)
    assert not found["at_start"]
    assert found["after"]
    assert found["within"] == []
    measured = found["done"]["measurement"]
    assert measured["outcome"] == "ok"
    # What a cold import would add to the clock is seconds.
    assert 75 < measured["timing"]["first_answer_token_ms"] < 1_000
