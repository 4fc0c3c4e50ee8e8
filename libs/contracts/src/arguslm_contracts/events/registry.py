"""REGISTRY: what is watched, and how. Each event carries the whole state after it.

`revision` counts an aggregate's events from 1. It makes the event's id, and it is the resource's
ETag; the expected last sequence of the aggregate's subjects (`model.*.<id>`) makes it safe.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from arguslm_contracts.events.base import Event
from arguslm_contracts.measurement import Price
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.record import Record
from arguslm_contracts.scope import Scope

Severity = Literal["info", "warning", "critical"]
RuleType = Literal[
    "any_model_down",
    "specific_model_down",
    "model_unavailable_everywhere",
    "budget_used",
    "probe_failed",
]
ChannelKind = Literal["webhook", "apprise"]
ModelSource = Literal["discovered", "manual"]


class Provider(Record):
    """An account at a provider. `credentials` is a Fernet token; never the clear text.

    `requests_per_minute` bounds the scheduled checks of all its models at all locations, and probes
    with an interval: they are asked less often where their intervals want more. `max_concurrent`
    bounds the checks in flight at each location, over all its probers: the others wait. 0: no
    limit.
    """

    provider_id: UUID
    provider_type: str
    display_name: str
    base_url: str | None = None
    settings: dict[str, str] = {}
    credentials: str | None = None
    enabled: bool = True
    monitor_discovered: bool = False
    requests_per_minute: int = Field(default=0, ge=0)
    max_concurrent: int = Field(default=0, ge=0)
    created_at: datetime


class Model(Record):
    """A model at a provider. `name` is the provider's own identifier, any characters.

    `interval_s` None follows the monitoring configuration. `retired_at` is when a list of its
    provider's no longer had it: it is kept, and not watched. `source` "manual" is a model that a
    person vouches for, listed or not. `price` is as a person gave it.
    """

    model_id: UUID
    provider_id: UUID
    name: str
    custom_name: str | None = None
    source: ModelSource = "manual"
    monitored: bool = False
    benchmarkable: bool = True
    interval_s: int | None = Field(default=None, ge=10)
    metadata: dict[str, object] = {}
    facts: ModelFacts = ModelFacts()
    price: Price | None = None
    retired_at: datetime | None = None
    created_at: datetime

    @property
    def told_price(self) -> Price | None:
        """What a person says, else the provider's own list; None where neither does."""
        return self.price or self.facts.price

    @property
    def watched(self) -> bool:
        return self.monitored and self.retired_at is None


class MonitoringConfig(Record):
    interval_s: int = Field(default=60, ge=10)
    prompt_pack: str = "health_check"
    max_tokens: int = Field(default=100, ge=1)
    enabled: bool = True


class Rule(Record):
    """When to raise. N = `failures_to_raise`, M = `successes_to_resolve`, both consecutive.

    `budget_used` raises when `threshold_percent` of a budget are used, of the one that is named or
    of any, and resolves with the day or when less is used. `probe_failed` looks at what the probe
    that is named, or any, finds at level fail; N and M are 10 at most there.
    """

    rule_id: UUID
    name: str
    rule_type: RuleType
    target_model_id: UUID | None = None
    target_model_name: str | None = None
    target_budget_id: UUID | None = None
    target_probe_id: UUID | None = None
    threshold_percent: int | None = Field(default=None, ge=5, le=95, multiple_of=5)
    enabled: bool = True
    severity: Severity = "critical"
    failures_to_raise: int = Field(default=2, ge=1)
    successes_to_resolve: int = Field(default=2, ge=1)
    notify_in_app: bool = True
    channel_ids: tuple[UUID, ...] = ()
    created_at: datetime


class Budget(Scope):
    """What checks and benchmarks may cost on one day in UTC: of a model, of all models of a
    provider, which is of one key, or of everything."""

    budget_id: UUID
    name: str
    usd_per_day: float = Field(gt=0)
    created_at: datetime


class Channel(Record):
    """Where to tell. `url` is a Fernet token: a webhook or Apprise address is a secret."""

    channel_id: UUID
    name: str
    kind: ChannelKind
    url: str
    enabled: bool = True
    created_at: datetime


class RegistryEvent(Event):
    """One change of one aggregate, by one actor (an account's name or an API key's name)."""

    revision: int = Field(ge=1)
    actor: str = "system"
    at: datetime

    @property
    def identity(self) -> str:
        return f"{self.key}:{self.revision}"

    @property
    def aggregate(self) -> str:
        """All events of one thing share their last sequence: `model.*.<id>`."""
        return f"{self.name.split('.')[0]}.*.{self.key}"


class _ProviderState(RegistryEvent):
    provider: Provider

    @property
    def key(self) -> str:
        return str(self.provider.provider_id)


class ProviderRegistered(_ProviderState):
    """An account at a provider was added; `discover`: list its models at once."""

    name: ClassVar[str] = "provider.registered"
    discover: bool = True


class ProviderUpdated(_ProviderState):
    """It was edited; `changed` names what."""

    name: ClassVar[str] = "provider.updated"
    changed: tuple[str, ...] = ()


class ProviderRemoved(RegistryEvent):
    """It is gone, and its models with it."""

    name: ClassVar[str] = "provider.removed"
    provider_id: UUID

    @property
    def key(self) -> str:
        return str(self.provider_id)


class ModelState(RegistryEvent):
    """Whatever tells how a model is from now on."""

    model: Model

    @property
    def key(self) -> str:
        return str(self.model.model_id)


class ModelRegistered(ModelState):
    """Found by discovery, or added by hand."""

    name: ClassVar[str] = "model.registered"


class ModelUpdated(ModelState):
    """Renamed, watched or not, at another interval: `changed` names what."""

    name: ClassVar[str] = "model.updated"
    changed: tuple[str, ...] = ()


class ModelRetired(ModelState):
    """Its provider no longer lists it. It stays, with its history, and is not watched until it is
    listed again or a person vouches for it."""

    name: ClassVar[str] = "model.retired"


class ModelListed(ModelState):
    """Its provider lists it again, or tells other facts of it: `changed` names what."""

    name: ClassVar[str] = "model.listed"
    changed: tuple[str, ...] = ()


class ModelRemoved(RegistryEvent):
    """It is gone; its checks stay in the stream until they age out."""

    name: ClassVar[str] = "model.removed"
    model_id: UUID

    @property
    def key(self) -> str:
        return str(self.model_id)


class MonitoringConfigured(RegistryEvent):
    """What holds for every model that does not say otherwise."""

    name: ClassVar[str] = "monitoring.configured"
    config: MonitoringConfig

    @property
    def key(self) -> str:
        return "global"


class MonitoringRunRequested(RegistryEvent):
    """A person said "run now" for these models."""

    name: ClassVar[str] = "monitoring.run-requested"
    run_id: UUID
    model_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.run_id)


class _RuleState(RegistryEvent):
    rule: Rule

    @property
    def key(self) -> str:
        return str(self.rule.rule_id)


class RuleCreated(_RuleState):
    """From now on completed checks are judged by it."""

    name: ClassVar[str] = "rule.created"


class RuleUpdated(_RuleState):
    """It was edited; `changed` names what."""

    name: ClassVar[str] = "rule.updated"
    changed: tuple[str, ...] = ()


class RuleRemoved(RegistryEvent):
    """It is gone; its open alerts are resolved for that reason."""

    name: ClassVar[str] = "rule.removed"
    rule_id: UUID

    @property
    def key(self) -> str:
        return str(self.rule_id)


class _ChannelState(RegistryEvent):
    channel: Channel

    @property
    def key(self) -> str:
        return str(self.channel.channel_id)


class ChannelCreated(_ChannelState):
    """A place to tell people."""

    name: ClassVar[str] = "channel.created"


class ChannelUpdated(_ChannelState):
    """It was edited; `changed` names what."""

    name: ClassVar[str] = "channel.updated"
    changed: tuple[str, ...] = ()


class ChannelRemoved(RegistryEvent):
    """Nothing is sent there any more."""

    name: ClassVar[str] = "channel.removed"
    channel_id: UUID

    @property
    def key(self) -> str:
        return str(self.channel_id)


class _BudgetState(RegistryEvent):
    budget: Budget

    @property
    def key(self) -> str:
        return str(self.budget.budget_id)


class BudgetCreated(_BudgetState):
    """From now on a check that it might not cover is not sent."""

    name: ClassVar[str] = "budget.created"


class BudgetUpdated(_BudgetState):
    """It was edited; `changed` names what."""

    name: ClassVar[str] = "budget.updated"
    changed: tuple[str, ...] = ()


class BudgetReserved(_BudgetState):
    """A benchmark is about to begin that costs at most `usd`. All of it counts as used on `day`
    (midnight in UTC), whatever the run comes to."""

    name: ClassVar[str] = "budget.reserved"
    run_id: UUID
    day: datetime
    usd: float = Field(ge=0)


class BudgetRemoved(RegistryEvent):
    """Nothing is held back for it any more."""

    name: ClassVar[str] = "budget.removed"
    budget_id: UUID

    @property
    def key(self) -> str:
        return str(self.budget_id)
