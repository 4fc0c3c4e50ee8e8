"""Reading the tables into the model's words: everything, or what one model's check can change."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.known_models import load_models, with_states
from arguslm_alerting.model import (
    BudgetUse,
    KnownRule,
    OpenAlert,
    ProbeRun,
    Situation,
    concerns,
)
from arguslm_alerting.siblings import all_siblings, enough_siblings
from arguslm_alerting.tables import (
    alerts,
    budget_reports,
    budgets,
    probe_verdicts,
    probes,
    rules,
)
from arguslm_contracts.events.registry import Rule
from arguslm_storage.bulk import rows_among
from arguslm_storage.driver import Row, rows_of

_RULES = select(rules).order_by(rules.c.rule_id)
_OPEN_ALERTS = select(alerts).where(alerts.c.resolved_at.is_(None)).order_by(alerts.c.alert_id)
_ON_MODELS = alerts.c.budget_id.is_(None)
_OF_MODEL = bindparam("of_model", type_=Uuid)
_TOUCHED_BY_MODEL = _OPEN_ALERTS.where(
    _ON_MODELS, alerts.c.model_id.is_(None) | (alerts.c.model_id == _OF_MODEL)
)
_PROBE_RUNS = (
    select(probe_verdicts, probes.c.name, probes.c.enabled, probes.c.removed)
    .outerjoin(probes, probes.c.probe_id == probe_verdicts.c.probe_id)
    .order_by(probe_verdicts.c.probe_id, probe_verdicts.c.model_id, probe_verdicts.c.location)
)
_BUDGETS = (
    select(budget_reports, budgets.c.removed)
    .outerjoin(budgets, budgets.c.budget_id == budget_reports.c.budget_id)
    .order_by(budget_reports.c.budget_id)
)


async def load_all(connection: AsyncConnection) -> Situation:
    """Every rule, model and open alert: for changes of what is watched, which are rare."""
    found = await load_models(connection)
    return Situation(
        await _rules(connection),
        await with_states(connection, found),
        _open(await rows_of(connection, _OPEN_ALERTS)),
        await _budgets(connection),
        await load_probes(connection),
    )


async def load_for_probe(connection: AsyncConnection, probe_id: UUID, model_id: UUID) -> Situation:
    """The rules on probes, with what this one found of a model and what is open of that."""
    of = {"probe_id": probe_id, "model_id": model_id}
    touched = {alerts.c[name]: [value] for name, value in of.items()}
    return Situation(
        [one for one in await _rules(connection) if one.rule.rule_type == "probe_failed"],
        await load_models(connection, model_id),
        _open(await rows_among(connection, _OPEN_ALERTS, touched)),
        probes=await load_probes(connection, **of),
    )


async def load_probes(connection: AsyncConnection, **of: UUID) -> list[ProbeRun]:
    """What the last checks of probes found: of all, or `of` one `probe_id` or `model_id`."""
    keys = {probe_verdicts.c[name]: [value] for name, value in of.items()}
    return [
        ProbeRun(
            probe_id=row["probe_id"],
            probe_name=row["name"] or "",
            on=None if row["name"] is None else row["enabled"] and not row["removed"],
            model_id=row["model_id"],
            failures=tuple(one["failure"] for one in row["verdicts"]),
            since=_failing_since(row["verdicts"]),
        )
        for row in await rows_among(connection, _PROBE_RUNS, keys)
    ]


def _failing_since(verdicts: Sequence[dict[str, Any]]) -> datetime:
    """When the run of failures began that goes on; else when the last check completed."""
    since = verdicts[-1]
    for verdict in reversed(verdicts):
        if verdict["failure"] is None:
            break
        since = verdict
    return datetime.fromisoformat(since["completed_at"])


async def load_for_budget(connection: AsyncConnection, budget_id: UUID) -> Situation:
    """The rules on budgets, with what is used and what is open of this one."""
    touched = {alerts.c.budget_id: [budget_id]}
    return Situation(
        [one for one in await _rules(connection) if one.rule.rule_type == "budget_used"],
        (),
        _open(await rows_among(connection, _OPEN_ALERTS, touched)),
        await _budgets(connection, budget_id),
    )


async def _budgets(connection: AsyncConnection, *of: UUID) -> list[BudgetUse]:
    """Those that were reported on: all, or some."""
    keys = {budget_reports.c.budget_id: of} if of else {}
    return [
        BudgetUse(
            budget_id=row["budget_id"],
            name=row["budget_name"],
            used_percent=row["used_percent"],
            used_usd=row["used_usd"],
            usd_per_day=row["usd_per_day"],
            at=row["at"],
            removed=bool(row["removed"]),
        )
        for row in await rows_among(connection, _BUDGETS, keys)
    ]


async def load_for_check(connection: AsyncConnection, model_id: UUID) -> Situation:
    """The rules on a model with their alerts, and of its like as many as those rules ask for."""
    found = await with_states(connection, await load_models(connection, model_id))
    if not found:
        return Situation((), (), ())
    checked = found[0]
    known = [one for one in await _rules(connection) if concerns(one.rule, checked)]
    open_alerts = _open(await rows_of(connection, _TOUCHED_BY_MODEL, of_model=model_id))
    others = await enough_siblings(connection, checked, known, open_alerts)
    return Situation(known, [checked], open_alerts, others=others)


async def load_for_model(connection: AsyncConnection, model_id: UUID) -> Situation:
    """What the change of a model can change: of itself, of all of its like before or after, and of
    what probes found of it."""
    known = await _rules(connection)
    return Situation(
        known,
        await with_states(connection, await load_models(connection, model_id)),
        _open(await rows_of(connection, _TOUCHED_BY_MODEL, of_model=model_id)),
        probes=await load_probes(connection, model_id=model_id),
        others=await all_siblings(connection, model_id, known),
    )


async def _rules(connection: AsyncConnection) -> list[KnownRule]:
    rows = await rows_of(connection, _RULES)
    return [KnownRule(Rule.model_validate(row["rule"]), row["removed"]) for row in rows]


def _open(rows: Iterable[Row]) -> list[OpenAlert]:
    return [
        OpenAlert(
            alert_id=row["alert_id"],
            rule_id=row["rule_id"],
            model_id=row["model_id"],
            model_name=row["model_name"],
            provider_name=row["provider_name"],
            since=row["since"],
            channel_ids=tuple(UUID(text) for text in row["channel_ids"]),
            budget_id=row["budget_id"],
            probe_id=row["probe_id"],
        )
        for row in rows
    ]
