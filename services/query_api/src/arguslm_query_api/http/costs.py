"""/api/v1/costs"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from arguslm_contracts.rest.costs import CostsBy, CostsResponse
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.reads import costs as cost_reads

router = APIRouter(prefix="/costs", tags=["monitoring"])


@router.get("", response_model=CostsResponse)
async def get_costs(
    door: TheDoor,
    who: Viewer,
    by: CostsBy = "model",
    days: Annotated[int, Query(ge=1, le=366)] = 7,
) -> Any:
    """What checks and benchmarks cost in the last days, in US dollars, by the prices that held."""
    async with door.database.reading() as connection:
        return await cost_reads.costs(connection, by=by, days=days, now=datetime.now(UTC))
