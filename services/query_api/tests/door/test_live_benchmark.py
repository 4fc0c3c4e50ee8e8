"""A benchmark's own stream, in the messages of 0.x: all of it, for whoever comes, whenever."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from other_services import add_model, add_provider, now, sample_of
from running_door import ADMIN_KEY, API, RunningDoor
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from arguslm_contracts.events.benchmarks import BenchmarkCompleted, BenchmarkStarted
from arguslm_query_api.http import benchmark_stream


@asynccontextmanager
async def following(house: RunningDoor, run_id: object) -> AsyncIterator[ClientConnection]:
    address = f"{house.url.replace('http', 'ws', 1)}{API}/benchmarks/{run_id}/stream"
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        yield socket


async def started(house: RunningDoor, runs: int = 3) -> tuple[UUID, UUID]:
    model_id = await add_model(house, await add_provider(house), "m", custom_name="Mine")
    body = {"model_ids": [str(model_id)], "num_runs": runs}
    run_id = UUID((await house.admin.post(f"{API}/benchmarks", json=body)).json()["id"])
    await house.says(BenchmarkStarted(run_id=run_id, started_at=now()))
    return run_id, model_id


async def say(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(30):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def all_of(socket: ClientConnection) -> list[dict[str, Any]]:
    messages = []
    async with asyncio.timeout(30):
        async for text in socket:
            messages.append(json.loads(text))
    return messages


async def test_progress_and_results_come_as_they_happen(any_house: RunningDoor) -> None:
    run_id, model_id = await started(any_house)
    async with following(any_house, run_id) as socket:
        assert await say(socket) == {"type": "progress", "completed": 0, "total": 3}
        await any_house.says(sample_of(run_id, model_id, 0))
        result = await say(socket)
        assert result["type"] == "result"
        assert (result["data"]["ttft_ms"], result["data"]["model_name"]) == (100.0, "Mine")
        assert await say(socket) == {"type": "progress", "completed": 1, "total": 3}
        for index in (1, 2):
            await any_house.says(sample_of(run_id, model_id, index))
        await any_house.says(
            BenchmarkCompleted(run_id=run_id, status="completed", completed_at=now())
        )
        rest = await all_of(socket)
    assert [one["type"] for one in rest if one["type"] != "progress"] == [
        "result",
        "result",
        "complete",
    ]
    assert rest[-1] == {"type": "complete", "status": "completed"}


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_a_late_viewer_hears_all_of_it(any_house: RunningDoor, status: str) -> None:
    run_id, model_id = await started(any_house)
    for index in range(3):
        await any_house.says(sample_of(run_id, model_id, index))
    await any_house.says(BenchmarkCompleted(run_id=run_id, status=status, completed_at=now()))
    async with following(any_house, run_id) as socket:
        messages = await all_of(socket)
        assert socket.close_code == 1000
    assert [one["type"] for one in messages] == ["result"] * 3 + ["progress", "complete"]
    assert [one["data"]["index"] for one in messages[:3]] == [0, 1, 2]
    assert messages[-1]["status"] == status


async def test_a_failed_run_ends_with_its_error(house: RunningDoor) -> None:
    run_id, _ = await started(house)
    await house.says(
        BenchmarkCompleted(
            run_id=run_id, status="failed", message="the runner gave up", completed_at=now()
        )
    )
    async with following(house, run_id) as socket:
        messages = await all_of(socket)
    assert messages[-1] == {"type": "error", "error": "the runner gave up", "status": "failed"}


@pytest.mark.parametrize("run_id", [uuid4(), "not-a-uuid"])
async def test_a_run_nobody_knows_closes_with_4404(house: RunningDoor, run_id: object) -> None:
    async with following(house, run_id) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4404


async def test_pings_both_ways(house: RunningDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_stream, "PING_S", 0.05)
    run_id, _ = await started(house)
    async with following(house, run_id) as socket:
        assert (await say(socket))["type"] == "progress"
        assert await say(socket) == {"type": "ping"}
        await socket.send("ping")
        async with asyncio.timeout(30):
            while await socket.recv() != "pong":
                pass
