"""What follows from an event, given the roster."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.decider import Decision
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import (
    CheckCompleted,
    CheckRequested,
    ClockTicked,
    DiscoveryCompleted,
)
from arguslm_contracts.events.registry import (
    ModelState,
    MonitoringConfig,
    MonitoringConfigured,
    MonitoringRunRequested,
    ProviderRegistered,
    ProviderUpdated,
)
from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.streams import REGISTRY
from arguslm_scheduler import account, open_requests, probes, roster
from arguslm_scheduler.model import (
    Asked,
    Row,
    Slot,
    abandonment,
    discovery_request,
    first_request,
    listing_due,
    listing_request,
    registrations,
    relistings,
    run_request,
    slot_request,
    unless_open,
)
from arguslm_scheduler.probe_questions import probe_request
from arguslm_scheduler.schedule import ProbeSlot, all_due
from arguslm_scheduler.spending import reports, usage_changed_at, within_budgets
from arguslm_scheduler.tables import checkpoints
from arguslm_storage.checkpoints import load_checkpoints

log = structlog.get_logger(__name__)

# No `model.>`: those decisions expect their model's last event to be the one they know of, which
# the stream checks for ever, so they need no silence; and people register models too. Nor
# `spending.>`: what is said of a budget follows from what was last said of it.
SPEAKS_ON = ("check.requested.>", "check.abandoned.>", "discovery.requested.>")


_DECIDED_ON = (
    ClockTicked,
    ModelState,
    ProviderRegistered,
    ProviderUpdated,
    MonitoringConfigured,
    MonitoringRunRequested,
    DiscoveryCompleted,
)


def can_matter(event: Event) -> bool:
    """Whether a decision can follow from an event."""
    return isinstance(event, _DECIDED_ON) or usage_changed_at(event) is not None


async def first_that_matters(connection: AsyncConnection, events: Sequence[Event]) -> int | None:
    """The place of the first event to decide on. What checks cost matters where there is a budget:
    that is asked once for many of them."""
    matter = [place for place, event in enumerate(events) if can_matter(event)]
    others = [place for place in matter if not isinstance(events[place], CheckCompleted)]
    is_cost = matter[:1] != others[:1]
    first = matter if is_cost and await account.has_budgets(connection) else others
    return first[0] if first else None


class RegistryBehind(TimeoutError):
    """The roster does not hold everything yet that this event presupposes; try again soon."""


class Decisions:
    """Requests of checks and discoveries, and what lists say of models: new, gone, back.

    `registry_head` asks for the last sequence that REGISTRY holds: the streams are read
    independently, so a discovery can be heard before its provider, and a tick before the roster is
    complete.
    """

    def __init__(
        self,
        locations: Sequence[str],
        registry_head: Callable[[], Awaitable[int]],
        discovery_interval_s: int,
    ) -> None:
        self._locations = locations
        self._discovery_interval_s = discovery_interval_s
        self._registry_head = registry_head
        self._has_ticked = False

    async def decide(self, connection: AsyncConnection, recorded: Recorded) -> list[Decision]:
        decisions = await self._on(connection, recorded)
        return [*await within_budgets(connection, decisions), *await reports(connection, recorded)]

    async def _on(  # noqa: PLR0911 - one line for each event that matters
        self, connection: AsyncConnection, recorded: Recorded
    ) -> list[Decision]:
        match recorded.event:
            case ClockTicked() as tick:
                return await self._on_tick(connection, tick)
            case ModelState() as event:
                return await self._on_model(connection, recorded, event)
            case ProviderRegistered() | ProviderUpdated() as event:
                return await self._on_provider(connection, recorded, event)
            case MonitoringConfigured() as event:
                return await self._on_monitoring(connection, recorded, event)
            case MonitoringRunRequested() as event:
                return await self._on_run(connection, event)
            case DiscoveryCompleted() as event:
                return await self._on_discovery(connection, event)
        return []

    async def _on_tick(self, connection: AsyncConnection, tick: ClockTicked) -> list[Decision]:
        if not self._has_ticked:
            await self._require_whole_registry(connection)
            self._has_ticked = True
        in_flight = await open_requests.all_open(connection)
        now = datetime.fromtimestamp(tick.second, UTC)
        lapsed = [in_flight.pop(key) for key in _lapsed(in_flight, now)]
        abandoned = [Decision(abandonment(one, now)) for one in lapsed]
        config = roster.config_of(await roster.monitoring_row(connection))
        if not config.enabled:
            return abandoned
        return [
            *abandoned,
            *await self._due_requests(connection, tick, config, in_flight),
            *await self._due_listings(connection, tick),
        ]

    async def _due_requests(
        self,
        connection: AsyncConnection,
        tick: ClockTicked,
        config: MonitoringConfig,
        in_flight: Mapping[open_requests.Key, Row],
    ) -> list[Decision]:
        defined = await probes.in_force(connection)
        slots: list[Slot] = []
        probed: list[ProbeSlot] = []
        for watched in await roster.all_watched(connection, config):
            checks, more = all_due(watched, defined, self._locations, tick)
            slots += checks
            probed += more
        if not slots and not probed:
            return []
        due = {slot.model_id for slot in slots} | {slot.model_id for _, slot in probed}
        asked = {one.model_id: one for one in await roster.askable(connection, config, due)}
        pins = await probes.pinned_vectors_of(
            connection,
            [(p.probe_id, slot.model_id) for p, slot in probed if p.kind is ProbeKind.EMBEDDING],
        )
        requests = [
            *(slot_request(slot, asked[slot.model_id], config) for slot in slots),
            *(
                probe_request(
                    probe, slot, asked[slot.model_id], pins.get((probe.probe_id, slot.model_id))
                )
                for probe, slot in probed
            ),
        ]
        return _each_unless_open(requests, in_flight)

    async def _due_listings(self, connection: AsyncConnection, tick: ClockTicked) -> list[Decision]:
        decisions: list[Decision] = []
        for provider_id in await roster.listed_providers(connection):
            due_s = listing_due(provider_id, self._discovery_interval_s, tick)
            if due_s is None:
                continue
            provider = await roster.provider_row(connection, provider_id)
            assert provider is not None
            decisions.append(Decision(listing_request(due_s, provider)))
        return decisions

    async def _on_model(
        self,
        connection: AsyncConnection,
        recorded: Recorded,
        event: ModelState,
    ) -> list[Decision]:
        row = await roster.model_row(connection, event.model.model_id)
        if row is None or not row["watched"] or row["watched_revision"] != event.revision:
            return []
        config = roster.config_of(await roster.monitoring_row(connection))
        if not config.enabled:
            return []
        asked = await roster.askable(connection, config, [event.model.model_id])
        return await self._first_checks(
            connection, asked, lambda one, at: first_request(recorded, event.at, one, at, config)
        )

    async def _on_provider(
        self,
        connection: AsyncConnection,
        recorded: Recorded,
        event: ProviderRegistered | ProviderUpdated,
    ) -> list[Decision]:
        provider = await roster.provider_row(connection, event.provider.provider_id)
        if provider is None or not provider["enabled"]:
            return []
        decisions: list[Decision] = []
        moved = provider["address_revision"] == event.revision
        if event.discover if isinstance(event, ProviderRegistered) else moved:
            decisions.append(Decision(discovery_request(recorded, provider)))
        config = roster.config_of(await roster.monitoring_row(connection))
        if config.enabled and provider["enabled_revision"] == event.revision:
            asked = await roster.watched(connection, config, provider_id=event.provider.provider_id)
            decisions += await self._first_checks(
                connection,
                asked,
                lambda one, at: first_request(recorded, event.at, one, at, config),
            )
        return decisions

    async def _on_monitoring(
        self, connection: AsyncConnection, recorded: Recorded, event: MonitoringConfigured
    ) -> list[Decision]:
        row = await roster.monitoring_row(connection)
        if row is None or not row["enabled"] or row["enabled_revision"] != event.revision:
            return []
        config = roster.config_of(row)
        return await self._first_checks(
            connection,
            await roster.watched(connection, config),
            lambda one, at: first_request(recorded, event.at, one, at, config),
        )

    async def _on_run(
        self, connection: AsyncConnection, event: MonitoringRunRequested
    ) -> list[Decision]:
        config = roster.config_of(await roster.monitoring_row(connection))
        return await self._at_once(
            connection,
            await roster.askable(connection, config, set(event.model_ids)),
            lambda one, at: run_request(event.run_id, event.at, one, at, config),
        )

    async def _on_discovery(
        self, connection: AsyncConnection, event: DiscoveryCompleted
    ) -> list[Decision]:
        # An empty list retires nothing: a server that has lost all its models is more likely ill
        # than empty, and must not go unwatched for it.
        if not event.models:
            return []
        provider = await roster.provider_row(connection, event.provider_id)
        if provider is None:
            await self._require_whole_registry(connection)
            log.info("discovery_of_unknown_provider", provider_id=str(event.provider_id))
            return []
        known = await roster.models_of(connection, event.provider_id)
        # A model that a person removed has events already, and stays removed.
        new = registrations(event, provider, [row["name"] for row in known])
        return [
            *(Decision(registered, expected_sequence=0) for registered in new),
            *(Decision(told, sequence) for told, sequence in relistings(event, known)),
        ]

    async def _first_checks(
        self,
        connection: AsyncConnection,
        asked: Sequence[Asked],
        request: Callable[[Asked, str], CheckRequested],
    ) -> list[Decision]:
        """Ask at once, but for those that a limit makes wait for their slots."""
        return await self._at_once(connection, [one for one in asked if not one.paced], request)

    async def _at_once(
        self,
        connection: AsyncConnection,
        asked: Sequence[Asked],
        request: Callable[[Asked, str], CheckRequested],
    ) -> list[Decision]:
        requests = [request(one, location) for one in asked for location in self._locations]
        in_flight = await open_requests.open_of(connection, {one.model_id for one in asked})
        return _each_unless_open(requests, in_flight)

    async def _require_whole_registry(self, connection: AsyncConnection) -> None:
        """Raises RegistryBehind unless the roster holds all that REGISTRY holds now."""
        read = await load_checkpoints(connection, checkpoints)
        position = read[REGISTRY.name].sequence if REGISTRY.name in read else 0
        head = await self._registry_head()
        if position < head:
            raise RegistryBehind(f"the roster stands at {position} of {head} registry events")


def _lapsed(in_flight: Mapping[open_requests.Key, Row], now: datetime) -> list[open_requests.Key]:
    return [key for key, one in in_flight.items() if one["lapses_at"] <= now]


def _each_unless_open(
    requests: Sequence[CheckRequested], in_flight: Mapping[open_requests.Key, Row]
) -> list[Decision]:
    """Never two in flight of one model, location and probe: the later one is skipped, and says
    so."""
    keyed = [(one, open_requests.key_of(one)) for one in requests]
    return [Decision(unless_open(one, in_flight.get(key))) for one, key in keyed]
