"""/api/v1/overview"""

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter

from arguslm_contracts.rest.monitoring import OverviewResponse
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.reads import overview as overview_reads

router = APIRouter(prefix="/overview", tags=["monitoring"])


@router.get("", response_model=OverviewResponse)
async def get_overview(
    door: TheDoor, who: Viewer, range: Literal["1h", "6h", "24h", "7d", "30d"] = "24h"
) -> Any:
    """Every model at a glance, worst first; ratios are of the last `range`."""
    async with door.database.reading() as connection:
        return await overview_reads.overview(connection, range=range, now=datetime.now(UTC))
