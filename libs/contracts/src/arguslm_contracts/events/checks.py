"""CHECK_REQUESTS, CHECKS and CLOCK: time passes, endpoints are asked, answers are recorded."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from arguslm_contracts.events.base import Event
from arguslm_contracts.measurement import Measurement, ProbeProfile, Target
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.record import Record

Purpose = Literal["scheduled", "manual", "connection_test"]

# Said of a slot that passes unasked while an earlier check is under way.
IN_FLIGHT = "is still in flight"

# What asking may take beside the endpoint's own deadlines: building the request, and discovery.
ASKING_MARGIN_S = 60.0


class ClockTicked(Event):
    """Time passed from `previous_second` to `second` (Unix time). Ticks form an unbroken chain:
    after a pause one tick covers the whole gap, so that no time slot is ever lost."""

    name: ClassVar[str] = "clock.ticked"
    second: int
    previous_second: int

    @property
    def begins_minute(self) -> bool:
        return self.second // 60 != self.previous_second // 60

    @property
    def key(self) -> str:
        return "second"

    @property
    def identity(self) -> str:
        return str(self.second)


class Allowance(Record):
    """What a check may cost: what is left of the tightest `budget` that covers it, without what is
    reserved for others. `reserved_usd` of it is kept for this check until it completes, or until
    `held_until`; 0 where nobody has told the price yet, or it does not suffice."""

    budget: str
    left_usd: float
    reserved_usd: float = 0.0
    held_until: datetime


class CheckRequested(Event):
    """Ask this endpoint once. Self-contained: the prober needs nothing else to answer it.

    A request not begun before `expires_at` completes as `expired`. One with a `skip_reason` is a
    slot that passes unasked, and completes as `skipped`: whether a slot is asked or skipped is one
    decision under one id. One that may cost more than its allowance completes as `skipped`, too.

    `probe_id` is the definition that it comes from; None is the monitoring of every model.
    """

    name: ClassVar[str] = "check.requested"
    request_id: UUID
    model_id: UUID
    location: str
    purpose: Purpose = "scheduled"
    run_id: UUID | None = None
    due_at: datetime
    expires_at: datetime
    target: Target
    probe: ProbeProfile
    probe_id: UUID | None = None
    skip_reason: str | None = None
    allowance: Allowance | None = Field(default=None, description="nothing where no budget is")

    @property
    def lapses_at(self) -> datetime:
        """When nobody can be asking any more, even if it was begun in its last moment."""
        asking_s = self.probe.timeouts.total_s + ASKING_MARGIN_S
        return self.expires_at + timedelta(seconds=asking_s)

    @property
    def key(self) -> str:
        return f"{self.location}.{self.model_id}"

    @property
    def identity(self) -> str:
        return str(self.request_id)


class CheckAbandoned(Event):
    """A request has lapsed without an answer: its location has no prober, or has lost it.

    A prober of any location completes it, and what was skipped meanwhile: all that this probe was
    to ask of this model at this location in since <= due time <= until, and is not to be asked or
    has lapsed.
    """

    name: ClassVar[str] = "check.abandoned"
    request_id: UUID
    model_id: UUID
    location: str
    since: datetime
    until: datetime
    probe_id: UUID | None = None

    @property
    def key(self) -> str:
        return f"{self.location}.{self.model_id}"

    @property
    def identity(self) -> str:
        return str(self.request_id)


class CheckCompleted(Event):
    """What became of one request. `check_id` is the request's id: one request, one completion.

    `kind` is what it asked for: only liveness counts for states and uptime.
    """

    name: ClassVar[str] = "check.completed"
    check_id: UUID
    model_id: UUID
    provider_id: str
    provider_type: str
    provider_name: str
    model: str
    location: str
    purpose: Purpose = "scheduled"
    run_id: UUID | None = None
    due_at: datetime
    started_at: datetime
    completed_at: datetime
    measurement: Measurement
    allowance: Allowance | None = Field(
        default=None, description="its request's: what was reserved is free again"
    )
    kind: ProbeKind = ProbeKind.LIVENESS
    probe_id: UUID | None = None

    @property
    def key(self) -> str:
        return f"{self.location}.{self.model_id}"

    @property
    def identity(self) -> str:
        return str(self.check_id)

    @property
    def counts(self) -> bool:
        """Whether it tells of a model's state, and not of its answers or of a connection."""
        return self.kind is ProbeKind.LIVENESS and self.purpose != "connection_test"


class CheckReclassified(Event):
    """A completed check was decided again from the evidence it had kept, by a later taxonomy.

    `measurement` is that of its completion with the new outcome; `was` is the outcome until then.
    Counts and the check itself follow it. Runs of failures and alerts do not: they were what was
    known at the time.
    """

    name: ClassVar[str] = "check.reclassified"
    once: ClassVar[bool] = True
    check_id: UUID
    model_id: UUID
    provider_id: str
    provider_type: str
    provider_name: str
    model: str
    location: str
    completed_at: datetime
    was: Outcome
    measurement: Measurement
    kind: ProbeKind = ProbeKind.LIVENESS

    @property
    def key(self) -> str:
        version = self.measurement.taxonomy_version
        return f"{self.location}.{self.model_id}.{self.check_id}.{version}"

    @property
    def identity(self) -> str:
        return f"{self.check_id}:{self.measurement.taxonomy_version}"


class DiscoveryRequested(Event):
    """List the models of this provider."""

    name: ClassVar[str] = "discovery.requested"
    request_id: UUID
    provider_id: UUID
    target: Target

    @property
    def key(self) -> str:
        return str(self.provider_id)

    @property
    def identity(self) -> str:
        return str(self.request_id)


class DiscoveredModel(Record):
    """`facts` is what we understood of its entry in the list, `metadata` is as it was told."""

    name: str
    metadata: dict[str, object] = {}
    facts: ModelFacts = ModelFacts()


class DiscoveryCompleted(Event):
    """What a provider says it serves. On any outcome but `ok`, `models` is empty and
    `message` says why. `complete`: the list was read to its end, so that a model which is not in
    it is not there."""

    name: ClassVar[str] = "discovery.completed"
    request_id: UUID
    provider_id: UUID
    outcome: Outcome
    message: str | None = None
    models: tuple[DiscoveredModel, ...] = ()
    complete: bool = False
    completed_at: datetime

    @property
    def key(self) -> str:
        return str(self.provider_id)

    @property
    def identity(self) -> str:
        return str(self.request_id)
