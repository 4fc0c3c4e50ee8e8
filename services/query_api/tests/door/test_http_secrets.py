"""A planted key, password and address come out nowhere: no answer, log, event or export."""

import io
import json
import logging
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from every_route import all_routes
from other_services import add_model, discoverer, measured, now, prober, sample_of
from running_door import ADMIN_KEY, API, RunningDoor, running_door

from arguslm_bus.reader import stream_state
from arguslm_bus.rebuild import read_until
from arguslm_contracts.events.benchmarks import BenchmarkCompleted
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import STREAMS
from arguslm_storage.settings import StorageSettings
from arguslm_telemetry.logs import configure_logs
from arguslm_testkit.bus import BusForTests

PLANTED = "planted-5ca1ab1e"
API_KEY = f"sk-{PLANTED}-key"
OTHER_KEY = f"sk-{PLANTED}-other"
PASSWORD = f"{PLANTED}-password"
HOOK = f"http://127.0.0.1:9/{PLANTED}"


class _Capture:
    """Everything logged, as it would be written."""

    def __init__(self) -> None:
        self.text = io.StringIO()

    def __enter__(self) -> "_Capture":
        self._config = structlog.get_config()
        self._handlers, self._level = logging.root.handlers, logging.root.level
        structlog.reset_defaults()
        configure_logs("query-api", "debug")
        (handler,) = logging.root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(self.text)
        return self

    def __exit__(self, *_: object) -> None:
        logging.root.handlers = self._handlers
        logging.root.setLevel(self._level)
        structlog.configure(**self._config)


async def _use_everything(house: RunningDoor, seen: list[str]) -> None:
    admin = house.admin

    async def ask(method: str, path: str, **given: Any) -> dict[str, Any]:
        answer = await admin.request(method, f"{API}{path}", **given)
        seen.append(answer.text + str(answer.headers))
        return answer.json() if answer.content else {}

    async with house.answering(prober(house, measured(Outcome.AUTH, "wrong key"))):
        new = {"provider_type": "openai", "display_name": "x", "credentials": {"api_key": API_KEY}}
        provider = await ask("POST", "/providers", json=new)
        path = f"/providers/{provider['id']}"
        await ask("POST", "/providers/test-connection", json=new)
        await ask("POST", f"{path}/test")
    async with house.answering(discoverer(house, ["m"], Outcome.REFUSED, "refused")):
        await ask("POST", f"{path}/refresh-models")
    await ask("PATCH", path, json={"credentials": {"api_key": OTHER_KEY, "nonsense": PLANTED}})
    await ask("PATCH", path, json={"credentials": {"api_key": OTHER_KEY}})
    await ask("PATCH", path, json={"credentials": {"base_url": f"http://u:{PLANTED}@127.0.0.1"}})
    channel = {"name": "c", "kind": "webhook", "url": HOOK}
    channel_id = (await ask("POST", "/alerts/channels", json=channel))["id"]
    await ask("PATCH", f"/alerts/channels/{channel_id}", json={"url": f"{HOOK}/2"})
    await ask("POST", "/accounts", json={"username": "ana", "password": PASSWORD})
    await ask("POST", "/auth/login", json={"username": "ana", "password": f"{PASSWORD}-wrong"})
    await ask("POST", "/auth/login", json={"username": "ana", "password": PASSWORD, "x": 1})
    await ask("POST", "/auth/login", json={"login_token": f"{PLANTED}-token"})
    model_id = await add_model(house, UUID(str(provider["id"])), "m")
    run_id = (await ask("POST", "/benchmarks", json={"model_ids": [str(model_id)]}))["id"]
    await house.says(sample_of(run_id, model_id, 0))
    await house.says(BenchmarkCompleted(run_id=run_id, status="completed", completed_at=now()))
    for route in all_routes():
        if route.method == "GET":
            url = route.url
            for found in (provider["id"], channel_id, run_id, model_id):
                answer = await admin.get(url[: url.rfind("/") + 1] + str(found))
                seen.append(answer.text)
            seen.append((await admin.get(url)).text)
    for format in ("json", "csv"):
        seen.append((await admin.get(f"{API}/benchmarks/{run_id}/export?format={format}")).text)
        seen.append((await admin.get(f"{API}/monitoring/uptime/export?format={format}")).text)


async def test_what_is_secret_stays_so(bus: BusForTests, tmp_path: Path) -> None:
    seen: list[str] = []
    with _Capture() as logs:
        async with running_door(bus, StorageSettings(data_dir=tmp_path / "data")) as house:
            await _use_everything(house, seen)
    logged = logs.text.getvalue()
    assert json.loads(logged.splitlines()[0])["level"]
    assert '"path": "/api/v1/providers"' in logged
    for text in (logged, *seen):
        assert PLANTED not in text
        assert ADMIN_KEY not in text
    stored = []
    client = await bus.client()
    for spec in STREAMS:
        state = await stream_state(client, spec.name)
        async for batch in read_until(client, spec.name, after=0, until=state.last_sequence):
            stored += [(message.subject, message.headers, message.body) for message in batch]
    assert len(stored) > 10
    for secret in (PLANTED, ADMIN_KEY):
        assert secret not in str(stored)
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert PLANTED.encode() not in file.read_bytes(), file
