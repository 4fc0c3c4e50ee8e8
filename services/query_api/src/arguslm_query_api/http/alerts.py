"""/api/v1/alerts"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from arguslm_contracts.rest.alerts import (
    AlertListResponse,
    AlertResponse,
    RecentAlertsResponse,
    UnreadCountResponse,
)
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import alerts
from arguslm_query_api.http.answers import ACCEPTED, accepted, read
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.http.windows import in_utc
from arguslm_query_api.reads import alerts as alert_reads

router = APIRouter(prefix="/alerts", tags=["alerts"])


@router.get("", response_model=AlertListResponse)
async def list_alerts(
    door: TheDoor,
    who: Viewer,
    rule_id: UUID | None = None,
    acknowledged: bool | None = None,
    state: Literal["open", "resolved"] | None = None,
    since: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """Alerts, newest first."""
    async with door.database.reading() as connection:
        return await alert_reads.list_alerts(
            connection,
            rule_id=rule_id,
            acknowledged=acknowledged,
            state=state,
            since=in_utc(since),
            limit=limit,
            offset=offset,
        )


@router.get("/unread-count", response_model=UnreadCountResponse)
async def get_unread_alert_count(door: TheDoor, who: Viewer) -> Any:
    async with door.database.reading() as connection:
        return UnreadCountResponse(count=await alert_reads.unread_count(connection))


@router.get("/recent", response_model=RecentAlertsResponse)
async def get_recent_alerts(
    door: TheDoor, who: Viewer, limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> Any:
    async with door.database.reading() as connection:
        return await alert_reads.recent(connection, limit=limit)


@router.get("/{alert_id}", response_model=AlertResponse)
async def get_alert(alert_id: UUID, door: TheDoor, who: Viewer) -> Any:
    return await read(
        door, lambda connection: alert_reads.get_alert(connection, alert_id), f"alert {alert_id}"
    )


@router.patch("/{alert_id}/acknowledge", response_model=AlertResponse, responses=ACCEPTED)
async def acknowledge_alert(alert_id: UUID, door: TheDoor, who: Operator) -> Any:
    """Note that somebody has seen it; again changes nothing."""
    if not await alerts.acknowledge(door, who, alert_id):
        return accepted(f"/api/v1/alerts/{alert_id}")
    return await get_alert(alert_id, door, who)
