"""Exports: streamed, whole, and safe to open in a spreadsheet."""

import csv
import io
import json

from other_services import add_model, add_provider, check_of, measured, now, sample_of
from running_door import API, RunningDoor

from arguslm_contracts.events.benchmarks import BenchmarkCompleted
from arguslm_contracts.outcomes import Outcome


async def test_checks_as_json_and_csv(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m", custom_name="=1+1")
    for _ in range(3):
        await any_house.says(check_of(model_id))
    await any_house.says(check_of(model_id, measurement=measured(Outcome.SERVER_ERROR, "@boom")))
    path = f"{API}/monitoring/uptime/export"
    exported = await any_house.admin.get(path)
    assert exported.headers["content-type"] == "application/json"
    assert 'filename="arguslm-checks-' in exported.headers["content-disposition"]
    rows = json.loads(exported.text)
    assert len(rows) == 4
    assert rows[1]["ttft_ms"] == 100.0
    exported = await any_house.admin.get(path, params={"format": "csv"})
    assert exported.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(exported.text)))
    assert [row["status"] for row in table] == ["down", "up", "up", "up"]
    assert table[0]["model_name"] == "'=1+1"
    assert table[0]["error"] == "'@boom"
    assert table[1]["output_tokens"] == "21"


async def test_an_export_of_nothing_is_a_valid_file(house: RunningDoor) -> None:
    path = f"{API}/monitoring/uptime/export"
    assert (await house.admin.get(path)).json() == []
    empty = (await house.admin.get(path, params={"format": "csv"})).text
    assert empty.startswith("model_name,provider,status,latency_ms,error,timestamp")
    assert (await house.admin.get(path, params={"format": "xml"})).status_code == 422


async def test_an_export_longer_than_one_chunk_is_whole(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    for _ in range(450):
        last = await house.publisher.append(check_of(model_id))
    assert await house.door.projector.wait_for(last.stream, last.sequence, 20)
    assert len((await house.admin.get(f"{API}/monitoring/uptime/export")).json()) == 450
    text = (await house.admin.get(f"{API}/monitoring/uptime/export?format=csv")).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == 450


async def test_the_results_of_a_benchmark(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    body = {"model_ids": [str(model_id)], "num_runs": 2}
    run_id = (await any_house.admin.post(f"{API}/benchmarks", json=body)).json()["id"]
    for index in range(2):
        await any_house.says(sample_of(run_id, model_id, index))
    await any_house.says(BenchmarkCompleted(run_id=run_id, status="completed", completed_at=now()))
    rows = (await any_house.admin.get(f"{API}/benchmarks/{run_id}/export")).json()
    assert [row["ttft_ms"] for row in rows] == [100.0, 100.0]
    text = (await any_house.admin.get(f"{API}/benchmarks/{run_id}/export?format=csv")).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == 2
