"""Listing a provider's models again: asked of the prober, registered by the scheduler."""

import asyncio
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.checks import DiscoveryCompleted, DiscoveryRequested
from arguslm_contracts.events.registry import ModelRegistered
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.rest.providers import ProviderRefreshResponse
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.providers import stored, target_of
from arguslm_query_api.door import Door
from arguslm_query_api.live import FellBehind, Subscription
from arguslm_query_api.reads import aggregates, checks, models

WAIT_S = 45.0
_REGISTERED_WITHIN_S = 10.0


async def refresh_models(
    door: Door, attempt: Attempt, provider_id: UUID
) -> ProviderRefreshResponse:
    """Ask what the provider serves, and wait until what is new is registered."""
    provider, _, _ = await stored(door, provider_id)
    async with door.feed.subscribe() as happenings:
        if await door.recorder.repeated(attempt, DiscoveryRequested, provider_id) is None:
            request = DiscoveryRequested(
                request_id=attempt.id, provider_id=provider_id, target=target_of(provider, None)
            )
            await door.recorder.ask(request, attempt, alone=False)
        completed = await _completion(door, happenings, provider_id, attempt.id)
        if completed is None:
            return _failed(f"No answer from the prober within {WAIT_S:.0f} s; is it running?")
        if completed.outcome is not Outcome.OK:
            says = VERDICTS[completed.outcome].says
            reason = f" ({completed.message})" if completed.message else ""
            return _failed(f"{provider.display_name} {says}{reason}.")
        await _wait_for_registrations(door, happenings, completed)
    found, added = len(completed.models), await _added(door, completed)
    return ProviderRefreshResponse(
        success=True,
        models_discovered=found,
        models_added=added,
        message=f"{provider.display_name} serves {found} models; {added} of them are new.",
    )


def _failed(message: str) -> ProviderRefreshResponse:
    return ProviderRefreshResponse(success=False, models_discovered=0, message=message)


async def _completion(
    door: Door, happenings: Subscription, provider_id: UUID, request_id: UUID
) -> DiscoveryCompleted | None:
    async with door.database.reading() as connection:
        newest = await checks.discovery(connection, provider_id)
    if newest is not None and newest.request_id == request_id:
        return newest
    seen = await happenings.first(
        lambda recorded: (
            isinstance(recorded.event, DiscoveryCompleted)
            and recorded.event.request_id == request_id
        ),
        WAIT_S,
    )
    if seen is None or not isinstance(seen.event, DiscoveryCompleted):
        return None
    return seen.event


async def _wait_for_registrations(
    door: Door, happenings: Subscription, completed: DiscoveryCompleted
) -> None:
    """Wait until the scheduler has registered what is new (bounded)."""
    ids = _ids(completed)
    async with door.database.reading() as connection:
        known = {model.model_id for model in await models.find_models(connection, ids)}
        # A model that somebody removed stays removed: nobody will register it again.
        missing = {one for one in ids if one not in known and not await _ever(connection, one)}
    try:
        async with asyncio.timeout(_REGISTERED_WITHIN_S):
            while missing:
                event = (await happenings.next()).recorded.event
                if isinstance(event, ModelRegistered):
                    missing.discard(event.model.model_id)
    except (TimeoutError, FellBehind):
        pass


async def _added(door: Door, completed: DiscoveryCompleted) -> int:
    """How many models this very discovery brought: they were created when it completed."""
    async with door.database.reading() as connection:
        found = await models.find_models(connection, _ids(completed))
    return sum(model.created_at == completed.completed_at for model in found)


def _ids(completed: DiscoveryCompleted) -> list[UUID]:
    return [model_uuid(completed.provider_id, model.name) for model in completed.models]


async def _ever(connection: AsyncConnection, model_id: UUID) -> bool:
    _, revision = await aggregates.last(connection, f"model.*.{model_id}")
    return revision > 0
