"""People who change everything while the house shakes: models, providers, rules, budgets, probes.

They go by what stands in REGISTRY; each edit expects what it has read, and one that was overtaken
is given up, as the API does it.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import verdict
from virtual_time import VirtualDatetime

from arguslm_bus.publisher import Conflict, NotStored, Publisher
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import registry
from arguslm_contracts.events.probes import (
    Probe,
    ProbeCreated,
    ProbeRemoved,
    ProbeState,
    ProbeUpdated,
)
from arguslm_contracts.events.registry import RegistryEvent, Rule
from arguslm_contracts.identity import derive
from arguslm_contracts.probes import ProbeKind

INTERVAL_S = 10
_PATIENCE_S = 0.25
_REMOVES, _LEAVES_ON = 0.05, 0.85
_PLENTY_USD = 1_000.0
_RULES: dict[str, dict[str, Any]] = {
    "any_model_down": {},
    "model_unavailable_everywhere": {"target_model_name": "model"},
    "probe_failed": {},
    "budget_used": {"threshold_percent": 50},
}


def rule_of(rule_type: Any, rule_id: UUID, at: datetime) -> Rule:
    """A rule of this type, on everything that the type can be on."""
    return Rule(
        rule_id=rule_id,
        name=rule_type,
        rule_type=rule_type,
        failures_to_raise=verdict.FAILURES_TO_RAISE,
        successes_to_resolve=verdict.SUCCESSES_TO_RESOLVE,
        created_at=at,
        **_RULES[rule_type],
    )


class People:
    """`known` reads REGISTRY as it stands. `seed` names what they make."""

    def __init__(
        self,
        seed: int,
        chance: random.Random,
        publisher: Publisher,
        known: Callable[[], Sequence[Recorded]],
    ) -> None:
        self._seed = seed
        self._chance = chance
        self._publisher = publisher
        self._known = known
        self._made = 0

    async def meddle(self) -> None:
        """One change after the other, without end."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / _PATIENCE_S))
            last = self._last()
            if self._chance.random() < 0.25:
                await self._say(self._new(), 0)
            else:
                event, sequence = self._chance.choice(list(last.values()))
                await self._say(self._changed(event), sequence)

    async def make_peace(self) -> None:
        """No alert is left to stand: all models are watched again, and well; or then something
        that they need for it is switched off for good, or there are no rules. Budgets are plenty,
        and probes are gone."""
        for off in ("nothing", self._chance.choice(("models", "provider", "monitoring", "rules"))):
            for event, sequence in self._last().values():
                await self._say(self._peaceful(event, off), sequence)
            if self._chance.random() < 0.5:
                return

    def _last(self) -> dict[str, tuple[RegistryEvent, int]]:
        """The newest event of each aggregate, and its sequence."""
        return {
            one.event.aggregate: (one.event, one.sequence)
            for one in self._known()
            if isinstance(one.event, RegistryEvent)
        }

    async def _say(self, event: RegistryEvent | None, sequence: int) -> None:
        while event is not None:
            try:
                await self._publisher.append(event, expected_sequence=sequence)
            except NotStored:
                await asyncio.sleep(1)
            except Conflict:
                return
            else:
                return

    def _new(self) -> RegistryEvent:
        self._made += 1
        thing_id, at = derive("thing", self._seed, self._made), VirtualDatetime.now(UTC)
        kind = self._chance.choice(("rule", "budget", "probe"))
        if kind == "rule":
            rule_type = self._chance.choice(list(_RULES))
            return registry.RuleCreated(revision=1, at=at, rule=rule_of(rule_type, thing_id, at))
        if kind == "budget":
            budget = registry.Budget(
                budget_id=thing_id,
                name=str(self._made),
                usd_per_day=self._chance.choice((0.01, 0.1, 10)),
                created_at=at,
            )
            return registry.BudgetCreated(revision=1, at=at, budget=budget)
        probe = Probe(
            probe_id=thing_id,
            name=str(self._made),
            kind=ProbeKind.CANARY,
            interval_s=INTERVAL_S,
            created_at=at,
        )
        return ProbeCreated(revision=1, at=at, probe=probe)

    def _changed(self, event: RegistryEvent) -> RegistryEvent | None:
        """What somebody may do to a thing as it is: edit it, or remove it."""
        on, told = self._chance.random() < _LEAVES_ON, _next(event)
        edit: dict[str, Any]
        if self._chance.random() < _REMOVES:
            return _removed(event, told)
        match event:
            case registry.ModelState(model=model):
                edit = {
                    "monitored": on,
                    "interval_s": self._chance.choice((None, 20)),
                    "custom_name": self._chance.choice((None, "another", "model")),
                }
                return registry.ModelUpdated(model=model.model_copy(update=edit), **told)
            case registry.ProviderRegistered(provider=p) | registry.ProviderUpdated(provider=p):
                edit = {
                    "enabled": on,
                    "requests_per_minute": self._chance.choice((0, 6)),
                    "base_url": self._chance.choice((None, "http://elsewhere")),
                }
                return registry.ProviderUpdated(provider=p.model_copy(update=edit), **told)
            case registry.MonitoringConfigured(config=config):
                edit = {"enabled": on, "interval_s": self._chance.choice((10, 20))}
                return registry.MonitoringConfigured(config=config.model_copy(update=edit), **told)
            case registry.RuleCreated(rule=rule) | registry.RuleUpdated(rule=rule):
                edit = {"enabled": on, "failures_to_raise": self._chance.randint(1, 3)}
                return registry.RuleUpdated(rule=rule.model_copy(update=edit), **told)
            case registry.BudgetCreated(budget=budget) | registry.BudgetUpdated(budget=budget):
                edit = {"usd_per_day": self._chance.choice((0.01, 0.1, 10))}
                return registry.BudgetUpdated(budget=budget.model_copy(update=edit), **told)
            case ProbeState(probe=probe):
                return ProbeUpdated(probe=probe.model_copy(update={"enabled": on}), **told)
        return None

    def _peaceful(self, event: RegistryEvent, off: str) -> RegistryEvent | None:
        told, is_all_on = _next(event), off == "nothing"
        edit: dict[str, Any]
        match event:
            case registry.ModelState(model=model) if off in ("nothing", "models"):
                edit = {"monitored": is_all_on, "interval_s": None}
                return registry.ModelUpdated(model=model.model_copy(update=edit), **told)
            case registry.ProviderRegistered(provider=p) | registry.ProviderUpdated(provider=p):
                if off in ("nothing", "provider"):
                    edit = {"enabled": is_all_on, "requests_per_minute": 0}
                    return registry.ProviderUpdated(provider=p.model_copy(update=edit), **told)
            case registry.MonitoringConfigured(config=config) if off in ("nothing", "monitoring"):
                edit = {"enabled": is_all_on, "interval_s": INTERVAL_S}
                return registry.MonitoringConfigured(config=config.model_copy(update=edit), **told)
            case registry.BudgetCreated(budget=budget) | registry.BudgetUpdated(budget=budget):
                if is_all_on:
                    edit = {"usd_per_day": _PLENTY_USD}
                    return registry.BudgetUpdated(budget=budget.model_copy(update=edit), **told)
            case ProbeState() if is_all_on:
                return _removed(event, told)
            case registry.RuleCreated() | registry.RuleUpdated() if off == "rules":
                return _removed(event, told)
        return None


def _next(event: RegistryEvent) -> dict[str, Any]:
    return {"revision": event.revision + 1, "at": VirtualDatetime.now(UTC)}


def _removed(event: RegistryEvent, told: dict[str, Any]) -> RegistryEvent | None:
    match event:
        case registry.ModelState(model=model):
            return registry.ModelRemoved(model_id=model.model_id, **told)
        case registry.RuleCreated(rule=rule) | registry.RuleUpdated(rule=rule):
            return registry.RuleRemoved(rule_id=rule.rule_id, **told)
        case registry.BudgetCreated(budget=budget) | registry.BudgetUpdated(budget=budget):
            return registry.BudgetRemoved(budget_id=budget.budget_id, **told)
        case ProbeState(probe=probe):
            return ProbeRemoved(probe_id=probe.probe_id, **told)
    return None
