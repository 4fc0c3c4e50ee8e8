"""/api/v1/checks"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import Level, ProbeKind
from arguslm_contracts.rest.monitoring import CheckPage, CheckResponse
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.http.answers import known
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.reads import checks as check_reads
from arguslm_query_api.refusals import Invalid

router = APIRouter(prefix="/checks", tags=["monitoring"])


@router.get("", response_model=CheckPage)
async def list_checks(
    door: TheDoor,
    who: Viewer,
    model_id: UUID | None = None,
    outcome: Outcome | None = None,
    kind: ProbeKind | None = None,
    finding: Level | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Any:
    """Checks with everything measured, newest first; `next_cursor` leads to older ones.

    `finding` keeps those whose probe found something, at this level or above it.
    """
    async with door.database.reading() as connection:
        try:
            return await check_reads.list_checks(
                connection,
                model_id=model_id,
                outcome=outcome,
                kind=kind,
                finding=finding,
                limit=limit,
                cursor=cursor,
            )
        except ValueError as error:
            raise Invalid(str(error), field="query.cursor") from None


@router.get("/{check_id}", response_model=CheckResponse)
async def get_check(check_id: UUID, door: TheDoor, who: Viewer) -> Any:
    async with door.database.glancing() as connection:
        return known(await check_reads.get_check(connection, check_id), f"check {check_id}")
