"""Benchmarks: started, cancelled, removed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.benchmarks import (
    BenchmarkCancelRequested,
    BenchmarkPlan,
    BenchmarkRemoved,
    BenchmarkRequested,
    BenchmarkTarget,
)
from arguslm_contracts.events.registry import Model, Provider
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.rest.benchmarks import BenchmarkCreate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands import budgets
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.monitoring import check_pack
from arguslm_query_api.commands.providers import target_of
from arguslm_query_api.door import Door
from arguslm_query_api.reads import benchmarks, models, providers
from arguslm_query_api.refusals import Invalid, Taken, Unknown

CUSTOM = "custom"
_ENDED = ("completed", "failed", "cancelled")


async def start(door: Door, who: Principal, attempt: Attempt, body: BenchmarkCreate) -> None:
    """Request a run under the attempt's id."""
    if await door.recorder.repeated(attempt, BenchmarkRequested) is not None:
        return
    prompt = _prompt_of(body)
    targets = await _targets(door, list(dict.fromkeys(body.model_ids)))
    plan = BenchmarkPlan(
        targets=targets,
        prompt_pack=body.prompt_pack,
        prompt=prompt,
        max_tokens=body.max_tokens,
        runs=body.num_runs,
        warmup_runs=body.warmup_runs,
        concurrency=body.concurrency,
        limits=body.limits,
    )
    now = datetime.now(UTC)
    event = BenchmarkRequested(
        run_id=attempt.id,
        title=body.name or f"{body.prompt_pack}, {now:%Y-%m-%d %H:%M} UTC",
        plan=await budgets.book(door, who, attempt.id, plan),
        requested_by=who.name,
        requested_at=now,
    )
    await door.recorder.record_new(event, attempt)


async def cancel(door: Door, who: Principal, attempt: Attempt, run_id: UUID) -> bool:
    """Send no more requests; a run that has ended cannot be cancelled."""
    known = await door.recorder.repeated(attempt, BenchmarkCancelRequested, run_id)
    if known is not None:
        return await door.recorder.shows(known)
    status = await _status(door, run_id)
    if status in _ENDED:
        raise Taken(f"the run is {status} already")
    return await door.recorder.record(
        BenchmarkCancelRequested(
            run_id=run_id, requested_by=who.name, requested_at=datetime.now(UTC)
        ),
        attempt=attempt,
    )


async def remove(door: Door, who: Principal, run_id: UUID) -> None:
    """Remove a run that has ended."""
    status = await _status(door, run_id)
    if status not in _ENDED:
        raise Taken(f"the run is {status}; cancel it first")
    await door.recorder.record(
        BenchmarkRemoved(run_id=run_id, removed_by=who.name, removed_at=datetime.now(UTC))
    )


async def _status(door: Door, run_id: UUID) -> str:
    async with door.database.reading() as connection:
        run = await benchmarks.get_run(connection, run_id)
    if run is None:
        raise Unknown(f"there is no benchmark {run_id}")
    return run.status


def _prompt_of(body: BenchmarkCreate) -> str:
    check_pack(body.prompt_pack, also=[CUSTOM])
    if body.prompt_pack == CUSTOM:
        if body.prompt is None:
            raise Invalid("the pack 'custom' needs a prompt", field="prompt")
        return body.prompt
    if body.prompt is not None:
        raise Invalid("a prompt of your own goes with the pack 'custom'", field="prompt")
    return PROMPT_PACKS[body.prompt_pack].prompt


async def _targets(door: Door, model_ids: Sequence[UUID]) -> tuple[BenchmarkTarget, ...]:
    async with door.database.reading() as connection:
        found = {model.model_id: model for model in await models.find_models(connection, model_ids)}
        accounts: dict[UUID, Provider] = {}
        for provider_id in {model.provider_id for model in found.values()}:
            stored = await providers.stored_provider(connection, provider_id)
            if stored is not None:
                accounts[provider_id] = stored[0]
    if unknown := [str(one) for one in model_ids if one not in found]:
        raise Invalid(f"there is no model {', '.join(unknown)}", field="model_ids")
    return tuple(_target(found[one], accounts[found[one].provider_id]) for one in model_ids)


def _target(model: Model, provider: Provider) -> BenchmarkTarget:
    name = model.custom_name or model.name
    if not model.benchmarkable:
        raise Invalid(f"{name} is switched off for benchmarks", field="model_ids")
    if not provider.enabled:
        raise Invalid(
            f"{name}: its provider {provider.display_name} is disabled", field="model_ids"
        )
    return BenchmarkTarget(
        model_id=model.model_id,
        display_name=name,
        target=target_of(provider, model.name, model.told_price),
    )
