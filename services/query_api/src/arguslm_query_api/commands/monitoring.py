"""Monitoring: how often and what is asked, and "ask now"."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import MonitoringConfigured, MonitoringRunRequested
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.rest.monitoring import MonitoringConfigUpdate, MonitoringRunResponse
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import models, monitoring
from arguslm_query_api.refusals import Invalid, Unknown


async def configure(
    door: Door, who: Principal, body: MonitoringConfigUpdate, expected_revision: int | None
) -> bool:
    """Change what is given. `interval_s` says it exactly, `interval_minutes` as 0.x did."""
    async with door.database.reading() as connection:
        config, revision, sequence = await monitoring.stored_config(connection)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_none=True)
    minutes = changes.pop("interval_minutes", None)
    if minutes is not None:
        changes.setdefault("interval_s", minutes * 60)
    if "prompt_pack" in changes:
        check_pack(changes["prompt_pack"])
    updated = config.model_copy(update=changes)
    if updated == config:
        return True
    event = MonitoringConfigured(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), config=updated
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def run_now(
    door: Door, who: Principal, attempt: Attempt, model_ids: Sequence[UUID] | None
) -> MonitoringRunResponse:
    """Ask these models, or every monitored one, once and now."""
    known = await door.recorder.repeated(attempt, MonitoringRunRequested)
    if known is not None and isinstance(known.event, MonitoringRunRequested):
        return _queued(known.event)
    async with door.database.reading() as connection:
        wanted = await _wanted(connection, model_ids)
    event = MonitoringRunRequested(
        revision=1,
        actor=who.name,
        at=datetime.now(UTC),
        run_id=attempt.id,
        model_ids=tuple(wanted),
    )
    await door.recorder.record_new(event, attempt)
    return _queued(event)


async def _wanted(connection: AsyncConnection, model_ids: Sequence[UUID] | None) -> list[UUID]:
    if model_ids is None:
        page = await models.list_models(
            connection, enabled_for_monitoring=True, retired=False, limit=1_000_000
        )
        wanted = [model.id for model in page.items]
    else:
        wanted = list(dict.fromkeys(model_ids))
        known = {model.model_id for model in await models.find_models(connection, wanted)}
        if unknown := [str(one) for one in wanted if one not in known]:
            raise Unknown(f"there is no model {', '.join(unknown)}")
    if not wanted:
        raise Invalid("no model is monitored; switch monitoring on for one first")
    return wanted


def _queued(event: MonitoringRunRequested) -> MonitoringRunResponse:
    requested = len(event.model_ids)
    return MonitoringRunResponse(
        run_id=str(event.run_id),
        status="queued",
        message=f"{requested} checks requested",
        requested=requested,
    )


def check_pack(pack: str, *, also: Sequence[str] = ()) -> None:
    """Raises Invalid for an unknown prompt pack, naming the known ones."""
    known = [*PROMPT_PACKS, *also]
    if pack not in known:
        raise Invalid(
            f"unknown prompt pack {pack[:100]!r}; there are {', '.join(known)}",
            field="prompt_pack",
        )
