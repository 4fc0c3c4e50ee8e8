"""How we are, also without the bus; metrics; our description of ourselves."""

import asyncio
import json
from typing import Any

import pytest
from other_services import add_provider
from running_door import API, RunningDoor

from arguslm_bus import publisher
from arguslm_contracts.events.registry import ProviderUpdated
from arguslm_query_api.http.application import describe_only
from arguslm_testkit.bus import BusForTests


async def test_metrics_are_prometheus_text(house: RunningDoor) -> None:
    await house.admin.get(f"{API}/models")
    text = (await house.admin.get("/metrics")).text
    assert 'arguslm_http_requests_total{method="GET",route="/models",status="200"}' in text
    assert "arguslm_projection_lag_events" in text


async def test_health_tells_of_bus_database_and_projections(
    bus: BusForTests, any_house: RunningDoor
) -> None:
    body = await _health(any_house, 200, "healthy")
    names = {component["name"] for component in body["components"]}
    assert {"bus", "database", "projection REGISTRY", "projection CHECKS"} <= names
    assert set(body["projection_lag"]) == {"REGISTRY", "ACCOUNTS", "CHECKS", "BENCHMARKS", "ALERTS"}
    await bus.server.kill()
    broken = await _health(any_house, 503)
    assert broken["status"] == "unhealthy"
    assert {"name": "bus", "healthy": False, "message": "not connected"} in broken["components"]
    await bus.server.start()
    assert (await _health(any_house, 200))["status"] in ("healthy", "degraded")


async def _health(house: RunningDoor, status: int, says: str | None = None) -> dict[str, Any]:
    """What it says once it answers with this status, and with this word."""
    async with asyncio.timeout(30):
        while True:
            answer = await house.client().get("/health")
            body: dict[str, Any] = answer.json()
            if answer.status_code == status and says in (None, body["status"]):
                return body
            await asyncio.sleep(0.02)


async def test_without_the_bus_reading_works_and_writing_says_why_not(
    bus: BusForTests, house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_ATTEMPT_TIMEOUT_S", 0.2)
    provider_id = await add_provider(house)
    await bus.server.kill()
    path = f"{API}/providers/{provider_id}"
    assert (await house.admin.get(path)).status_code == 200
    failed = await house.admin.patch(path, json={"display_name": "New"})
    assert failed.status_code == 503
    assert "safe" in failed.json()["detail"]
    await bus.server.start()
    await _health(house, 200)
    again = await house.admin.patch(path, json={"display_name": "New"})
    assert again.status_code in (200, 202), again.text
    (said,) = [e for e in await house.events() if isinstance(e.event, ProviderUpdated)]
    assert await house.door.projector.wait_for(said.stream, said.sequence, 20)
    assert (await house.admin.get(path)).json()["display_name"] == "New"


def test_the_description_is_the_same_on_every_run() -> None:
    one, other = (json.dumps(describe_only().openapi()) for _ in range(2))
    assert one == other
