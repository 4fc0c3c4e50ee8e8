"""Judging, pure: checks move endpoint states; a situation says what to raise and what to resolve.

A model is down when every location that reports on it has seen N unavailable answers in a row, and
up again when any location has seen M available ones. No clock: times are those of the events.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from arguslm_alerting import wording
from arguslm_contracts.endpoint_state import EndpointState
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved, ResolveReason
from arguslm_contracts.events.registry import Rule
from arguslm_contracts.identity import derive

# A location that missed this many checks of another one reports no longer.
_ROUNDS_UNTIL_SILENT = 3


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the rules see it. `watch`: "on" is monitored, at an enabled provider, with
    monitoring switched on, since `on_since`; "retired" is no longer listed by its provider;
    "unknown" is not read yet and proves nothing."""

    model_id: UUID
    name: str
    custom_name: str | None
    provider_name: str
    watch: Literal["on", "off", "retired", "removed", "unknown"]
    on_since: datetime | None
    states: tuple[EndpointState, ...] = ()

    @property
    def title(self) -> str:
        return self.custom_name or self.name

    @property
    def reporting(self) -> tuple[EndpointState, ...]:
        """The states that count: of checks since watching began, at locations not fallen silent."""
        begun = [s for s in self.states if self.on_since and s.completed_at >= self.on_since]
        return tuple(
            state
            for state in begun
            if not any(
                other.run >= _ROUNDS_UNTIL_SILENT and other.since > state.completed_at
                for other in begun
            )
        )

    def is_down(self, failures: int) -> bool:
        states = self.reporting
        return bool(states) and all(state.consecutive_failures >= failures for state in states)

    def is_up(self, successes: int) -> bool:
        return any(state.consecutive_successes >= successes for state in self.reporting)


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A rule, and whether it has been removed since."""

    rule: Rule
    removed: bool = False


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An incident that goes on. `model_id` None: of a budget, or of a down-everywhere rule."""

    alert_id: UUID
    rule_id: UUID
    model_id: UUID | None
    model_name: str
    provider_name: str
    since: datetime
    channel_ids: tuple[UUID, ...] = ()
    budget_id: UUID | None = None
    probe_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """How the last checks of a probe went at a model and a location, the newest last: what each
    one found to be a failure, or nothing. `on` is that of the probe; None is not read yet."""

    probe_id: UUID
    probe_name: str
    on: bool | None
    model_id: UUID
    failures: tuple[str | None, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a budget is used on the day of its last report, and since when so much."""

    budget_id: UUID
    name: str
    used_percent: int
    used_usd: float
    usd_per_day: float
    at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the given rules need to know. What is missing is taken as unknown, not as gone.

    `others` are judged only together with the models, by rules on all of their like."""

    rules: Sequence[KnownRule]
    models: Sequence[Model]
    open_alerts: Sequence[OpenAlert]
    budgets: Sequence[BudgetUse] = ()
    probes: Sequence[ProbeRun] = ()
    others: Sequence[Model] = ()


@dataclass(frozen=True, slots=True)
class Tipping:
    """The event being judged: its id, its own time, and whether it is a check. Only a check
    proves that something recovered."""

    event_id: str
    at: datetime
    is_check: bool


Judgement = AlertRaised | AlertResolved


def target_of(
    model_id: UUID | None, budget_id: UUID | None = None, probe_id: UUID | None = None
) -> str:
    """What an incident is about: a model, a budget, what a probe finds of a model, or what its rule
    names, everywhere."""
    if probe_id is not None:
        return str(derive("probe-target", probe_id, model_id))
    return str(model_id or budget_id or "everywhere")


def judge(situation: Situation, tipping: Tipping) -> list[Judgement]:
    """What to raise and what to resolve; nothing when the open alerts fit the situation."""
    return [
        judgement
        for known in situation.rules
        if known.rule.rule_type not in ("budget_used", "probe_failed")
        for judgement in _of_rule(known, situation, tipping)
    ]


def concerns(rule: Rule, model: Model) -> bool:
    """Whether a rule looks at a model."""
    match rule.rule_type:
        case "any_model_down":
            return True
        case "specific_model_down":
            return rule.target_model_id == model.model_id
        case "model_unavailable_everywhere":
            return is_named_in(rule, model.name, model.custom_name)
        case "budget_used" | "probe_failed":
            return False


def is_named_in(rule: Rule, name: str, custom_name: str | None) -> bool:
    """Whether a rule on all of a kind means a model of this name."""
    wanted = (rule.target_model_name or "").casefold()
    return bool(wanted) and any(wanted in one.casefold() for one in (name, custom_name or ""))


def _of_rule(known: KnownRule, situation: Situation, tipping: Tipping) -> Iterator[Judgement]:
    rule = known.rule
    alike = situation.others if rule.rule_type == "model_unavailable_everywhere" else ()
    concerned = [model for model in (*situation.models, *alike) if concerns(rule, model)]
    kept: set[UUID | None] = set()
    for alert in situation.open_alerts:
        if alert.rule_id != rule.rule_id:
            continue
        reason = _why_resolve(known, alert, concerned, tipping)
        if reason is None:
            kept.add(alert.model_id)
        else:
            yield _resolved(alert, reason, tipping)
    if rule.enabled and not known.removed:
        yield from _raised_by(rule, concerned, kept, tipping)


def _why_resolve(
    known: KnownRule, alert: OpenAlert, concerned: Sequence[Model], tipping: Tipping
) -> ResolveReason | None:
    if known.removed:
        return "rule_removed"
    if not known.rule.enabled:
        return "rule_disabled"
    seen = [m for m in concerned if alert.model_id is None or m.model_id == alert.model_id]
    watched = [model for model in seen if model.watch == "on"]
    if not watched:
        return why_unwatched(seen)
    recovered = any(model.is_up(known.rule.successes_to_resolve) for model in watched)
    return "recovered" if recovered and tipping.is_check else None


def why_unwatched(seen: Sequence[Model]) -> ResolveReason | None:
    if not seen or any(model.watch == "unknown" for model in seen):
        return None
    watches = {model.watch for model in seen}
    if "off" in watches:
        return "monitoring_off"
    return "model_retired" if "retired" in watches else "model_removed"


def _raised_by(
    rule: Rule, concerned: Sequence[Model], kept: set[UUID | None], tipping: Tipping
) -> Iterator[AlertRaised]:
    watched = [model for model in concerned if model.watch == "on"]
    down = [model for model in watched if model.is_down(rule.failures_to_raise)]
    if rule.rule_type == "model_unavailable_everywhere":
        if watched and len(down) == len(watched) and None not in kept:
            yield _raised(rule, None, down, tipping)
        return
    for model in down:
        if model.model_id not in kept:
            yield _raised(rule, model.model_id, [model], tipping)


def _raised(
    rule: Rule, model_id: UUID | None, down: Sequence[Model], tipping: Tipping
) -> AlertRaised:
    """The alert that all of `down` are down; it tells of the newest failure among them."""
    states = [state for model in down for state in model.reporting]
    last = max(states, key=lambda state: (state.completed_at, state.check_id))
    since = max(state.since for state in states)
    title = down[0].title if model_id else rule.target_model_name or ""
    providers = ", ".join(sorted({model.provider_name for model in down}))
    return AlertRaised(
        alert_id=derive("alert", rule.rule_id, target_of(model_id), tipping.event_id),
        rule_id=rule.rule_id,
        rule_name=rule.name,
        rule_type=rule.rule_type,
        severity=rule.severity,
        model_id=model_id,
        model_name=title,
        provider_name=providers,
        outcome=last.outcome,
        fault_owner=last.fault_owner,
        since=since,
        raised_at=tipping.at,
        message=wording.raised(
            wording.subject(title, providers, everywhere=model_id is None),
            since=since,
            outcome=last.outcome,
            fault_owner=last.fault_owner,
        ),
        notify_in_app=rule.notify_in_app,
        channel_ids=rule.channel_ids,
    )


def _resolved(alert: OpenAlert, reason: ResolveReason, tipping: Tipping) -> AlertResolved:
    subject = wording.subject(
        alert.model_name, alert.provider_name, everywhere=alert.model_id is None
    )
    return AlertResolved(
        alert_id=alert.alert_id,
        rule_id=alert.rule_id,
        model_id=alert.model_id,
        reason=reason,
        resolved_at=tipping.at,
        message=wording.resolved(subject, reason, lasted=tipping.at - alert.since),
        channel_ids=alert.channel_ids,
    )
