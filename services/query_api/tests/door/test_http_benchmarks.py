"""Benchmarks: validated, requested once, cancelled, removed when over."""

from uuid import UUID, uuid4

from other_services import add_model, add_provider, now, sample_of
from running_door import API, RunningDoor

from arguslm_contracts.events.benchmarks import (
    BenchmarkCancelRequested,
    BenchmarkCompleted,
    BenchmarkRequested,
    BenchmarkStarted,
)


async def start(house: RunningDoor, *model_ids: UUID, **given: object) -> UUID:
    body = {"model_ids": [str(one) for one in model_ids], "num_runs": 2, **given}
    started = await house.admin.post(f"{API}/benchmarks", json=body)
    assert started.status_code == 202, started.text
    return UUID(started.json()["id"])


async def test_a_run_is_requested_with_all_the_runner_needs(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "gpt-4.1", custom_name="Big")
    run_id = await start(any_house, model_id, model_id, name="first", concurrency=4)
    (requested,) = [
        e.event for e in await any_house.events() if isinstance(e.event, BenchmarkRequested)
    ]
    assert requested.run_id == run_id
    (target,) = requested.plan.targets
    assert (target.display_name, target.target.model) == ("Big", "gpt-4.1")
    assert any_house.door.vault.open(target.target.credentials) == {"api_key": "sk-test"}
    assert (requested.plan.concurrency, requested.plan.runs) == (4, 2)
    run = (await any_house.admin.get(f"{API}/benchmarks/{run_id}")).json()
    assert (run["name"], run["status"], run["expected_count"]) == ("first", "pending", 2)


async def test_what_cannot_run_is_refused_by_name(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    good = await add_model(house, provider_id, "a")
    off = await add_model(house, provider_id, "b", enabled_for_benchmark=False)
    unknown = uuid4()
    cases = [
        ({"model_ids": [str(good), str(unknown)]}, str(unknown)),
        ({"model_ids": [str(off)]}, "switched off"),
        ({"model_ids": [str(good)], "prompt_pack": "nope"}, "synthetic_short"),
        ({"model_ids": [str(good)], "prompt_pack": "custom"}, "needs a prompt"),
        ({"model_ids": [str(good)], "prompt": "mine"}, "'custom'"),
        ({"model_ids": []}, "at least 1"),
    ]
    for body, says in cases:
        refused = await house.admin.post(f"{API}/benchmarks", json=body)
        assert refused.status_code == 422, body
        assert says in refused.json()["detail"][0]["msg"]
    await house.admin.patch(f"{API}/providers/{provider_id}", json={"enabled": False})
    refused = await house.admin.post(f"{API}/benchmarks", json={"model_ids": [str(good)]})
    assert "disabled" in refused.json()["detail"][0]["msg"]
    assert not [e for e in await house.events() if isinstance(e.event, BenchmarkRequested)]


async def test_a_prompt_of_ones_own(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "a")
    await start(house, model_id, prompt_pack="custom", prompt="Say hi.")
    (requested,) = [
        e.event for e in await house.events() if isinstance(e.event, BenchmarkRequested)
    ]
    assert requested.plan.prompt == "Say hi."


async def test_results_statistics_and_the_end(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "a")
    run_id = await start(any_house, model_id)
    await any_house.says(BenchmarkStarted(run_id=run_id, started_at=now()))
    await any_house.says(sample_of(run_id, model_id, 0, warmup=True))
    for index in range(2):
        await any_house.says(sample_of(run_id, model_id, index))
    path = f"{API}/benchmarks/{run_id}"
    running = await any_house.admin.delete(path)
    assert running.status_code == 409
    ended = BenchmarkCompleted(run_id=run_id, status="completed", completed_at=now())
    await any_house.says(ended)
    run = (await any_house.admin.get(path)).json()
    assert (run["status"], run["result_count"]) == ("completed", 2)
    assert run["models"][0]["ttft_ms"]["p50"] == 100.0
    assert run["statistics"]["ttft_p50"] == 100.0
    results = (await any_house.admin.get(f"{path}/results")).json()
    assert results["total"] == 2
    listed = (await any_house.admin.get(f"{API}/benchmarks?status=completed")).json()
    assert [one["id"] for one in listed["runs"]] == [str(run_id)]
    assert (await any_house.admin.delete(path)).status_code == 204
    assert (await any_house.admin.get(path)).status_code == 404


async def test_cancelling_says_so_once(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "a")
    run_id = await start(house, model_id)
    for _ in range(2):
        cancelled = await house.admin.post(f"{API}/benchmarks/{run_id}/cancel")
        assert cancelled.status_code == 200, cancelled.text
    said = [e for e in await house.events() if isinstance(e.event, BenchmarkCancelRequested)]
    assert len(said) == 1
    await house.says(BenchmarkCompleted(run_id=run_id, status="cancelled", completed_at=now()))
    assert (await house.admin.post(f"{API}/benchmarks/{run_id}/cancel")).status_code == 409


async def test_unknown_runs_are_404(house: RunningDoor) -> None:
    path = f"{API}/benchmarks/{uuid4()}"
    for method, url in [
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/cancel"),
        ("GET", f"{path}/results"),
        ("GET", f"{path}/export"),
    ]:
        assert (await house.admin.request(method, url)).status_code == 404, url
