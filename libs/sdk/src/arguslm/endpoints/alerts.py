"""Alerts, the rules that raise them and the channels that carry them."""

from collections.abc import Sequence
from typing import Literal

from arguslm.call import (
    UNSET,
    Call,
    Id,
    Unset,
    When,
    body_of,
    changes,
    endpoint,
    given,
    nothing,
    path,
    shape,
)
from arguslm_contracts.events.registry import Severity
from arguslm_contracts.rest import alerts as shapes


class AlertEndpoints:
    @endpoint
    def list_alerts(
        self,
        *,
        rule_id: Id | None = None,
        acknowledged: bool | None = None,
        state: Literal["open", "resolved"] | None = None,
        since: When | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Call[shapes.AlertListResponse]:
        params = given(
            rule_id=rule_id,
            acknowledged=acknowledged,
            state=state,
            since=since,
            limit=limit,
            offset=offset,
        )
        return Call("GET", path("alerts"), shape(shapes.AlertListResponse), params)

    @endpoint
    def get_alert(self, alert_id: Id) -> Call[shapes.AlertResponse]:
        return Call("GET", path("alerts", alert_id), shape(shapes.AlertResponse))

    @endpoint
    def acknowledge_alert(self, alert_id: Id) -> Call[shapes.AlertResponse]:
        return Call("PATCH", path("alerts", alert_id, "acknowledge"), shape(shapes.AlertResponse))

    @endpoint
    def get_unread_alert_count(self) -> Call[shapes.UnreadCountResponse]:
        return Call("GET", path("alerts", "unread-count"), shape(shapes.UnreadCountResponse))

    @endpoint
    def get_recent_alerts(self, *, limit: int = 10) -> Call[shapes.RecentAlertsResponse]:
        return Call(
            "GET", path("alerts", "recent"), shape(shapes.RecentAlertsResponse), {"limit": limit}
        )


class AlertRuleEndpoints:
    @endpoint
    def list_alert_rules(self) -> Call[list[shapes.AlertRuleResponse]]:
        return Call("GET", path("alerts", "rules"), shape(list[shapes.AlertRuleResponse]))

    @endpoint
    def get_alert_rule(self, rule_id: Id) -> Call[shapes.AlertRuleResponse]:
        return Call("GET", path("alerts", "rules", rule_id), shape(shapes.AlertRuleResponse))

    @endpoint
    def create_alert_rule(self, rule: shapes.AlertRuleCreate) -> Call[shapes.AlertRuleResponse]:
        return Call(
            "POST", path("alerts", "rules"), shape(shapes.AlertRuleResponse), body=body_of(rule)
        )

    @endpoint
    def update_alert_rule(
        self,
        rule_id: Id,
        update: shapes.AlertRuleUpdate | None = None,
        *,
        name: str | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        severity: Severity | Unset = UNSET,
        threshold_percent: int | Unset = UNSET,
        failures_to_raise: int | Unset = UNSET,
        successes_to_resolve: int | Unset = UNSET,
        notify_in_app: bool | Unset = UNSET,
        channel_ids: Sequence[Id] | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.AlertRuleResponse]:
        """Change only what is given; `channel_ids` is replaced as a whole."""
        body = changes(
            shapes.AlertRuleUpdate,
            update,
            name=name,
            enabled=enabled,
            severity=severity,
            threshold_percent=threshold_percent,
            failures_to_raise=failures_to_raise,
            successes_to_resolve=successes_to_resolve,
            notify_in_app=notify_in_app,
            channel_ids=channel_ids,
        )
        return Call(
            "PATCH",
            path("alerts", "rules", rule_id),
            shape(shapes.AlertRuleResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_alert_rule(self, rule_id: Id) -> Call[None]:
        """Its open alerts are resolved."""
        return Call("DELETE", path("alerts", "rules", rule_id), nothing)


class ChannelEndpoints:
    @endpoint
    def list_channels(self) -> Call[shapes.ChannelList]:
        return Call("GET", path("alerts", "channels"), shape(shapes.ChannelList))

    @endpoint
    def get_channel(self, channel_id: Id) -> Call[shapes.ChannelResponse]:
        return Call("GET", path("alerts", "channels", channel_id), shape(shapes.ChannelResponse))

    @endpoint
    def create_channel(self, channel: shapes.ChannelCreate) -> Call[shapes.ChannelResponse]:
        return Call(
            "POST", path("alerts", "channels"), shape(shapes.ChannelResponse), body=body_of(channel)
        )

    @endpoint
    def update_channel(
        self,
        channel_id: Id,
        update: shapes.ChannelUpdate | None = None,
        *,
        name: str | Unset = UNSET,
        url: str | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.ChannelResponse]:
        """Change only what is given."""
        body = changes(shapes.ChannelUpdate, update, name=name, url=url, enabled=enabled)
        return Call(
            "PATCH",
            path("alerts", "channels", channel_id),
            shape(shapes.ChannelResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_channel(self, channel_id: Id) -> Call[None]:
        return Call("DELETE", path("alerts", "channels", channel_id), nothing)

    @endpoint
    def test_channel(self, channel_id: Id) -> Call[shapes.ChannelTestResponse]:
        """Send a test message over this channel now."""
        return Call(
            "POST",
            path("alerts", "channels", channel_id, "test"),
            shape(shapes.ChannelTestResponse),
        )
