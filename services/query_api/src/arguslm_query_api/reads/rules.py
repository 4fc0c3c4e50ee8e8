"""Alert rules and the channels they tell over."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import Channel, Rule
from arguslm_contracts.rest.alerts import AlertRuleResponse, ChannelResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.stored import Stored, stored

_RULES, _CHANNELS = tables.rules, tables.channels


async def list_rules(connection: AsyncConnection) -> list[AlertRuleResponse]:
    channels = (await connection.execute(select(_CHANNELS))).mappings()
    kinds = {str(channel["channel_id"]): channel["kind"] for channel in channels}
    query = select(_RULES).order_by(func.lower(_RULES.c.name), _RULES.c.rule_id)
    return [
        _rule(row, [kinds[one] for one in row["channel_ids"] if one in kinds])
        for row in (await connection.execute(query)).mappings()
    ]


async def stored_rule(connection: AsyncConnection, rule_id: UUID) -> Stored[Rule] | None:
    return await stored(connection, _RULES, Rule, rule_id)


async def list_channels(
    connection: AsyncConnection, open_url: Callable[[str], str | None]
) -> list[ChannelResponse]:
    """`open_url` opens a sealed address, if it can; no more of it is shown than the hint."""
    query = select(_CHANNELS).order_by(func.lower(_CHANNELS.c.name), _CHANNELS.c.channel_id)
    return [
        ChannelResponse(
            id=row["channel_id"],
            name=row["name"],
            kind=row["kind"],
            url_hint=url_hint(row["kind"], open_url(row["url"])),
            enabled=row["enabled"],
            revision=row["revision"],
            created_at=row["created_at"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def stored_channel(connection: AsyncConnection, channel_id: UUID) -> Stored[Channel] | None:
    return await stored(connection, _CHANNELS, Channel, channel_id)


def url_hint(kind: str, url: str | None) -> str:
    """Scheme and host of a webhook. Of an Apprise address the scheme only: where others have
    their host, it often has its token."""
    if url is None:
        return "sealed with a lost key: enter it again"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" if kind == "webhook" else f"{parts.scheme}://…"


def _rule(row: RowMapping, channel_kinds: Sequence[str]) -> AlertRuleResponse:
    return AlertRuleResponse(
        id=row["rule_id"],
        name=row["name"],
        rule_type=row["rule_type"],
        enabled=row["enabled"],
        target_budget_id=row["target_budget_id"],
        target_probe_id=row["target_probe_id"],
        threshold_percent=row["threshold_percent"],
        target_model_id=row["target_model_id"],
        target_model_name=row["target_model_name"],
        severity=row["severity"],
        failures_to_raise=row["failures_to_raise"],
        successes_to_resolve=row["successes_to_resolve"],
        notify_in_app=row["notify_in_app"],
        notify_webhook="webhook" in channel_kinds,
        channel_ids=row["channel_ids"],
        revision=row["revision"],
        created_at=row["created_at"],
    )
