"""/api/v1/alerts/rules"""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.alerts import AlertRuleCreate, AlertRuleResponse, AlertRuleUpdate
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import rules
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import alerts as alert_reads
from arguslm_query_api.refusals import Unknown

router = APIRouter(prefix="/alerts/rules", tags=["alerts"])


@router.get("", response_model=list[AlertRuleResponse])
async def list_alert_rules(door: TheDoor, who: Viewer) -> Any:
    async with door.database.reading() as connection:
        return await alert_reads.list_rules(connection)


@router.post("", response_model=AlertRuleResponse, status_code=201, responses=ACCEPTED)
async def create_alert_rule(
    body: AlertRuleCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    shown = await rules.create(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.get("/{rule_id}", response_model=AlertRuleResponse)
async def get_alert_rule(rule_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, rule_id, response, shown=True)


@router.patch("/{rule_id}", response_model=AlertRuleResponse, responses=ACCEPTED)
async def update_alert_rule(
    rule_id: UUID,
    body: AlertRuleUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given; `channel_ids` is replaced as a whole."""
    async with both_versions(partial(_read, door, rule_id), body):
        shown = await rules.update(door, who, rule_id, body, expected_revision)
    return await _answer(door, rule_id, response, shown=shown)


@router.delete("/{rule_id}", status_code=204)
async def delete_alert_rule(
    rule_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    """Remove a rule; its open alerts are resolved."""
    async with both_versions(partial(_read, door, rule_id)):
        await rules.remove(door, who, rule_id, expected_revision)


async def _answer(door: Door, rule_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/alerts/rules/{rule_id}")
    return with_etag(response, await _read(door, rule_id))


async def _read(door: Door, rule_id: UUID) -> AlertRuleResponse:
    async with door.database.reading() as connection:
        rules_by_id = {rule.id: rule for rule in await alert_reads.list_rules(connection)}
    if rule_id not in rules_by_id:
        raise Unknown(f"there is no rule {rule_id}")
    return rules_by_id[rule_id]
