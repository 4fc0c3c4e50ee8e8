"""Deciding: an event is folded, judged, and judged again on all that has been said before.

Alerts are raised and resolved once for ever, also when a decision was published but its
transaction never committed. Before anything is said, the newest decisions and the newest registry
are folded into the open transaction, straight from their streams: nothing is said on old news.
And a replayed event says nothing about what a later one has decided, however the tables look.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from sqlalchemy import Column, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.ledger import DECISIONS, Ledger
from arguslm_alerting.model import Judgement, Tipping, judge, target_of
from arguslm_alerting.probing import judge_probes
from arguslm_alerting.projections import SERVICE_TABLES, newest_decision
from arguslm_alerting.relevance import (
    CHANGES_A_MODEL,
    CHANGES_WHAT_IS_WATCHED,
    first_that_matters,
    model_of,
)
from arguslm_alerting.situation import (
    load_all,
    load_for_budget,
    load_for_check,
    load_for_model,
    load_for_probe,
)
from arguslm_alerting.spending import judge_budgets
from arguslm_alerting.tables import (
    budgets,
    decided,
    models,
    monitoring,
    probes,
    providers,
    rules,
)
from arguslm_bus.decider import Decider, Decision
from arguslm_bus.folding import Folding
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import last_held
from arguslm_bus.rebuild import read_until
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.streams import ALERTS, REGISTRY
from arguslm_storage.database import Database
from arguslm_storage.driver import rows_of


def _newest(sequence: Column[int]) -> Select[Any]:
    return select(func.coalesce(func.max(sequence), 0).label("newest"))


_LAST_SAID = _newest(decided.c.decision_sequence)
_WATCHING = {
    "rule.>": _newest(rules.c.sequence),
    "model.>": _newest(models.c.sequence),
    "provider.>": _newest(providers.c.sequence),
    "monitoring.configured.>": _newest(monitoring.c.sequence),
    "budget.>": _newest(budgets.c.sequence),
    "probe.>": _newest(probes.c.sequence),
}


def decider_of(client: Client, database: Database) -> Decider:
    """The decider over migrated tables."""
    return Decider(
        client,
        database,
        SERVICE_TABLES,
        Judge(client).decide,
        Publisher(client, SERVICE_TABLES.service),
        speaks_on=DECISIONS,
        first_that_matters=first_that_matters,
    )


class Judge:
    """`decide` is the decider's voice."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ledger = Ledger(client)

    async def decide(self, connection: AsyncConnection, recorded: Recorded) -> list[Decision]:
        judgements = await _judge(connection, recorded)
        if not judgements:
            return []
        if await self._catch_up(connection):
            judgements = await _judge(connection, recorded)
        return [
            Decision(judgement)
            for judgement in judgements
            if not await self._is_past(connection, judgement, recorded)
        ]

    async def _catch_up(self, connection: AsyncConnection) -> bool:
        """Fold what the tables lack, and whether they lacked anything. Each fold keeps the order of
        its stream, so what they have is everything up to the newest that they have."""
        (said,) = await rows_of(connection, _LAST_SAID)
        newest_said = await self._ledger.newest_decision()
        has_folded = await self._fold(connection, ALERTS.name, said["newest"], newest_said)
        told = await asyncio.gather(
            *(last_held(self._client, REGISTRY.name, subject) for subject in _WATCHING)
        )
        for query, newest in zip(_WATCHING.values(), told, strict=True):
            if newest:
                (known,) = await rows_of(connection, query)
                has_folded |= await self._fold(connection, REGISTRY.name, known["newest"], newest)
        return has_folded

    async def _fold(self, connection: AsyncConnection, stream: str, after: int, until: int) -> bool:
        if until <= after:
            return False
        folding = Folding(self._client, SERVICE_TABLES, stream)
        async for batch in read_until(self._client, stream, after=after, until=until):
            await folding.fold(connection, await folding.decode(batch))
        await folding.settle(connection)
        return True

    async def _is_past(
        self, connection: AsyncConnection, judgement: Judgement, recorded: Recorded
    ) -> bool:
        """Whether a later event of the same stream has led to a decision on the same rule and
        target: then this is a replay, and what it would say is past. A stream made anew begins
        its own history."""
        target = target_of(judgement.model_id, judgement.budget_id, judgement.probe_id)
        newest = await newest_decision(connection, judgement.rule_id, target, recorded.stream)
        return (
            newest is not None
            and newest["sequence"] > recorded.sequence
            and await self._ledger.stands(recorded.stream, newest["sequence"], newest["event_id"])
        )


async def _judge(connection: AsyncConnection, recorded: Recorded) -> Sequence[Judgement]:
    event = recorded.event
    if isinstance(event, CheckCompleted) and event.probe_id is not None:
        situation = await load_for_probe(connection, event.probe_id, event.model_id)
        return judge_probes(
            situation, Tipping(recorded.event_id, event.completed_at, is_check=True)
        )
    if isinstance(event, CheckCompleted):
        situation = await load_for_check(connection, event.model_id)
        return judge(situation, Tipping(recorded.event_id, event.completed_at, is_check=True))
    if isinstance(event, SpendingReported):
        situation = await load_for_budget(connection, event.budget_id)
        return judge_budgets(situation, Tipping(recorded.event_id, event.at, is_check=False))
    if isinstance(event, CHANGES_A_MODEL):
        situation = await load_for_model(connection, model_of(event))
    elif isinstance(event, CHANGES_WHAT_IS_WATCHED):
        situation = await load_all(connection)
    else:
        return []
    tipping = Tipping(recorded.event_id, event.at, is_check=False)
    return [
        *judge(situation, tipping),
        *judge_budgets(situation, tipping),
        *judge_probes(situation, tipping),
    ]
