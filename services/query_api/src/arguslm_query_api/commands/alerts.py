"""Alerts: acknowledged by a person."""

from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.alerts import AlertAcknowledged
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.door import Door
from arguslm_query_api.reads import alerts
from arguslm_query_api.refusals import Unknown


async def acknowledge(door: Door, who: Principal, alert_id: UUID) -> bool:
    """Note that somebody has seen it; the first one counts."""
    async with door.database.reading() as connection:
        alert = await alerts.get_alert(connection, alert_id)
    if alert is None:
        raise Unknown(f"there is no alert {alert_id}")
    if alert.acknowledged:
        return True
    event = AlertAcknowledged(
        alert_id=alert_id, acknowledged_by=who.name, acknowledged_at=datetime.now(UTC)
    )
    return await door.recorder.record(event)
