"""/api/v1/budgets"""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.budgets import BudgetCreate, BudgetList, BudgetResponse, BudgetUpdate
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import budgets
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import budgets as budget_reads
from arguslm_query_api.refusals import Unknown

router = APIRouter(prefix="/budgets", tags=["monitoring"])


@router.get("", response_model=BudgetList)
async def list_budgets(door: TheDoor, who: Viewer) -> Any:
    """Every budget, and what is used of it today (UTC)."""
    async with door.database.reading() as connection:
        return BudgetList(items=await budget_reads.list_budgets(connection, datetime.now(UTC)))


@router.post("", response_model=BudgetResponse, status_code=201, responses=ACCEPTED)
async def create_budget(
    body: BudgetCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    shown = await budgets.create(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.get("/{budget_id}", response_model=BudgetResponse)
async def get_budget(budget_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, budget_id, response, shown=True)


@router.patch("/{budget_id}", response_model=BudgetResponse, responses=ACCEPTED)
async def update_budget(
    budget_id: UUID,
    body: BudgetUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given."""
    async with both_versions(partial(_read, door, budget_id), body):
        shown = await budgets.update(door, who, budget_id, body, expected_revision)
    return await _answer(door, budget_id, response, shown=shown)


@router.delete("/{budget_id}", status_code=204)
async def delete_budget(
    budget_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    async with both_versions(partial(_read, door, budget_id)):
        await budgets.remove(door, who, budget_id, expected_revision)


async def _answer(door: Door, budget_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/budgets/{budget_id}")
    return with_etag(response, await _read(door, budget_id))


async def _read(door: Door, budget_id: UUID) -> BudgetResponse:
    async with door.database.reading() as connection:
        known = await budget_reads.list_budgets(connection, datetime.now(UTC))
    for budget in known:
        if budget.id == budget_id:
            return budget
    raise Unknown(f"there is no budget {budget_id}")
