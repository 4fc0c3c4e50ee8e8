"""Which events can lead to an alert, or to the end of one. Most cannot, and are not judged."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.projections import take_turn
from arguslm_alerting.situation import heard_of, with_open_alert
from arguslm_contracts.endpoint_state import evolve
from arguslm_contracts.events import registry
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.probes import ProbeRemoved, ProbeUpdated
from arguslm_contracts.events.spending import SpendingReported

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
    known = await with_open_alert(connection, set(successes.values()))
    known |= await heard_of(connection, set(new.values()))
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
