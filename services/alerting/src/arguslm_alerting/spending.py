"""Judging budgets, pure: what is used of them says what to raise and what to resolve."""

from collections.abc import Iterator

from arguslm_alerting import wording
from arguslm_alerting.model import (
    BudgetUse,
    Judgement,
    KnownRule,
    OpenAlert,
    Situation,
    Tipping,
    target_of,
)
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved, ResolveReason
from arguslm_contracts.events.registry import Rule
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import FaultOwner, Outcome


def judge_budgets(situation: Situation, tipping: Tipping) -> list[Judgement]:
    """What to raise and what to resolve by the rules on budgets."""
    return [
        judgement
        for known in situation.rules
        if known.rule.rule_type == "budget_used"
        for judgement in _of_rule(known, situation, tipping)
    ]


def _of_rule(known: KnownRule, situation: Situation, tipping: Tipping) -> Iterator[Judgement]:
    rule = known.rule
    uses = {use.budget_id: use for use in situation.budgets}
    alerted = set()
    for alert in situation.open_alerts:
        if alert.rule_id != rule.rule_id or alert.budget_id is None:
            continue
        reason = _why_resolve(known, uses.get(alert.budget_id))
        if reason is None:
            alerted.add(alert.budget_id)
        else:
            yield _resolved(alert, reason, tipping)
    if known.removed or not rule.enabled:
        return
    for use in situation.budgets:
        if _is_reached(rule, use) and use.budget_id not in alerted:
            yield _raised(rule, use, tipping)


def _is_reached(rule: Rule, use: BudgetUse) -> bool:
    if use.removed or rule.target_budget_id not in (None, use.budget_id):
        return False
    return rule.threshold_percent is not None and use.used_percent >= rule.threshold_percent


def _why_resolve(known: KnownRule, use: BudgetUse | None) -> ResolveReason | None:
    if known.removed:
        return "rule_removed"
    if not known.rule.enabled:
        return "rule_disabled"
    if use is None:
        return None
    if use.removed:
        return "budget_removed"
    return None if _is_reached(known.rule, use) else "recovered"


def _raised(rule: Rule, use: BudgetUse, tipping: Tipping) -> AlertRaised:
    return AlertRaised(
        alert_id=derive("alert", rule.rule_id, target_of(None, use.budget_id), tipping.event_id),
        rule_id=rule.rule_id,
        rule_name=rule.name,
        rule_type=rule.rule_type,
        severity=rule.severity,
        model_id=None,
        budget_id=use.budget_id,
        model_name=use.name,
        provider_name="",
        # Nothing failed: what the budget no longer covers is skipped, and that is our account.
        outcome=Outcome.SKIPPED,
        fault_owner=FaultOwner.ACCOUNT,
        since=use.at,
        raised_at=tipping.at,
        message=wording.budget_used(use.name, use.used_percent, use.used_usd, use.usd_per_day),
        notify_in_app=rule.notify_in_app,
        channel_ids=rule.channel_ids,
    )


def _resolved(alert: OpenAlert, reason: ResolveReason, tipping: Tipping) -> AlertResolved:
    return AlertResolved(
        alert_id=alert.alert_id,
        rule_id=alert.rule_id,
        model_id=None,
        budget_id=alert.budget_id,
        reason=reason,
        resolved_at=tipping.at,
        message=wording.budget_resolved(alert.model_name, reason, lasted=tipping.at - alert.since),
        channel_ids=alert.channel_ids,
    )
