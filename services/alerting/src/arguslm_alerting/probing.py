"""Judging probes, pure: what the last checks found says what to raise and what to resolve."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from arguslm_alerting import wording
from arguslm_alerting.model import (
    Judgement,
    KnownRule,
    Model,
    OpenAlert,
    ProbeRun,
    Situation,
    Tipping,
    target_of,
    why_unwatched,
)
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved, ResolveReason
from arguslm_contracts.events.registry import Rule
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import FaultOwner, Outcome

_Target = tuple[UUID, UUID]
"""A probe and a model."""


def judge_probes(situation: Situation, tipping: Tipping) -> list[Judgement]:
    """What to raise and what to resolve by the rules on probes."""
    runs: dict[_Target, list[ProbeRun]] = {}
    for run in situation.probes:
        runs.setdefault((run.probe_id, run.model_id), []).append(run)
    models = {model.model_id: model for model in situation.models}
    return [
        judgement
        for known in situation.rules
        if known.rule.rule_type == "probe_failed"
        for judgement in _of_rule(known, situation.open_alerts, runs, models, tipping)
    ]


def _of_rule(
    known: KnownRule,
    open_alerts: Sequence[OpenAlert],
    runs: dict[_Target, list[ProbeRun]],
    models: dict[UUID, Model],
    tipping: Tipping,
) -> Iterator[Judgement]:
    rule, alerted = known.rule, set[_Target]()
    for alert in open_alerts:
        if alert.rule_id != rule.rule_id or alert.probe_id is None or alert.model_id is None:
            continue
        target = alert.probe_id, alert.model_id
        reason = _why_resolve(known, runs.get(target, []), models.get(alert.model_id), tipping)
        if reason is None:
            alerted.add(target)
        else:
            yield _resolved(alert, reason, tipping)
    if known.removed or not rule.enabled:
        return
    for target, at_locations in runs.items():
        model = models.get(target[1])
        if target in alerted or model is None or model.watch != "on":
            continue
        if rule.target_probe_id in (None, target[0]) and at_locations[0].on:
            failing = [run for run in at_locations if _fails(run, rule.failures_to_raise)]
            if failing:
                yield _raised(rule, model, failing[0], tipping)


def _fails(run: ProbeRun, times: int) -> bool:
    last = run.failures[-times:]
    return len(last) == times and all(failure is not None for failure in last)


def _passes(run: ProbeRun, times: int) -> bool:
    """As many as are known, if a probe that is asked rarely has fewer."""
    return all(failure is None for failure in run.failures[-times:])


def _why_resolve(
    known: KnownRule, runs: Sequence[ProbeRun], model: Model | None, tipping: Tipping
) -> ResolveReason | None:
    if known.removed:
        return "rule_removed"
    if not known.rule.enabled:
        return "rule_disabled"
    if runs and runs[0].on is False:
        return "probe_removed"
    if model is None or model.watch != "on":
        return why_unwatched([model] if model else [])
    passes = bool(runs) and all(_passes(run, known.rule.successes_to_resolve) for run in runs)
    return "recovered" if passes and tipping.is_check else None


def _raised(rule: Rule, model: Model, run: ProbeRun, tipping: Tipping) -> AlertRaised:
    target = target_of(model.model_id, probe_id=run.probe_id)
    return AlertRaised(
        alert_id=derive("alert", rule.rule_id, target, tipping.event_id),
        rule_id=rule.rule_id,
        rule_name=rule.name,
        rule_type=rule.rule_type,
        severity=rule.severity,
        model_id=model.model_id,
        probe_id=run.probe_id,
        model_name=model.title,
        provider_name=model.provider_name,
        # It answered: what it answered is not as it should be.
        outcome=Outcome.OK,
        fault_owner=FaultOwner.PROVIDER,
        since=run.since,
        raised_at=tipping.at,
        message=wording.probe_failed(
            run.probe_name,
            model.title,
            model.provider_name,
            run.failures[-1] or "",
            since=run.since,
        ),
        notify_in_app=rule.notify_in_app,
        channel_ids=rule.channel_ids,
    )


def _resolved(alert: OpenAlert, reason: ResolveReason, tipping: Tipping) -> AlertResolved:
    what = wording.subject(alert.model_name, alert.provider_name, everywhere=False)
    return AlertResolved(
        alert_id=alert.alert_id,
        rule_id=alert.rule_id,
        model_id=alert.model_id,
        probe_id=alert.probe_id,
        reason=reason,
        resolved_at=tipping.at,
        message=wording.probe_resolved(what, reason, lasted=tipping.at - alert.since),
        channel_ids=alert.channel_ids,
    )
