"""Which events can lead to an alert, or to the end of one. Most cannot, and are not judged."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.projections import take_turn
from arguslm_alerting.tables import alerts, endpoint_states, probe_verdicts
from arguslm_contracts.endpoint_state import evolve
from arguslm_contracts.events import registry
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.probes import ProbeRemoved, ProbeUpdated
from arguslm_contracts.events.spending import SpendingReported
from arguslm_storage.bulk import rows_among
from arguslm_storage.driver import rows_of

CHANGES_A_MODEL = (registry.ModelState, registry.ModelRemoved)
CHANGES_WHAT_IS_WATCHED = (
    registry.RuleCreated,
    registry.RuleUpdated,
    registry.RuleRemoved,
    registry.ProviderRegistered,
    registry.ProviderUpdated,
    registry.ProviderRemoved,
    registry.MonitoringConfigured,
    registry.BudgetRemoved,
    ProbeUpdated,
    ProbeRemoved,
)

# Asked at every check, and mostly all that is asked: constants, for that is what takes the time.
_MODELS_WITH_ALERTS = (
    select(alerts.c.model_id)
    .where(
        alerts.c.resolved_at.is_(None), alerts.c.budget_id.is_(None), alerts.c.probe_id.is_(None)
    )
    .distinct()
)
_CHECKED = select(endpoint_states.c.model_id).distinct()
_PROBED = select(probe_verdicts.c.model_id).distinct()


def model_of(event: registry.ModelState | registry.ModelRemoved) -> UUID:
    return event.model_id if isinstance(event, registry.ModelRemoved) else event.model.model_id


async def first_that_matters(connection: AsyncConnection, events: Sequence[Event]) -> int | None:
    """The place of the first event to be judged.

    A check that succeeds raises nothing, so it matters where an alert is open. A new model matters
    if it was heard of before it was registered."""
    first = next((place for place, event in enumerate(events) if _matters_anyhow(event)), None)
    successes, new = dict[int, UUID](), dict[int, UUID]()
    for place, event in enumerate(events[:first]):
        if isinstance(event, registry.ModelRegistered):
            new[place] = model_of(event)
        elif isinstance(event, CheckCompleted) and evolve(None, event) is not None:
            successes[place] = event.model_id
    if not successes and not new:
        return first
    # All that another replica has said is in the tables then, and it says nothing meanwhile.
    await take_turn(connection)
    known = await _with_open_alert(connection, set(successes.values()))
    known |= await _heard_of(connection, set(new.values()))
    places = (place for place, model_id in sorted((successes | new).items()) if model_id in known)
    return next(places, first)


def _matters_anyhow(event: Event) -> bool:
    match event:
        case CheckCompleted():
            state = evolve(None, event)
            failed = state is not None and state.consecutive_failures > 0
            return failed or event.probe_id is not None
        case registry.ModelRegistered():
            return False
    return isinstance(event, (*CHANGES_A_MODEL, *CHANGES_WHAT_IS_WATCHED, SpendingReported))


async def _with_open_alert(connection: AsyncConnection, model_ids: Collection[UUID]) -> set[UUID]:
    """Those of the models that an alert on models is open on; all of them where it is on all."""
    if not model_ids:
        return set()
    alerted = {row["model_id"] for row in await rows_of(connection, _MODELS_WITH_ALERTS)}
    return set(model_ids) if None in alerted else alerted.intersection(model_ids)


async def _heard_of(connection: AsyncConnection, model_ids: Collection[UUID]) -> set[UUID]:
    """Those of the models that a check or a probe has told of, or an open alert is about."""
    if not model_ids:
        return set()
    found = await _with_open_alert(connection, model_ids)
    for query, key in (
        (_CHECKED, endpoint_states.c.model_id),
        (_PROBED, probe_verdicts.c.model_id),
    ):
        found |= {row["model_id"] for row in await rows_among(connection, query, {key: model_ids})}
    return found
