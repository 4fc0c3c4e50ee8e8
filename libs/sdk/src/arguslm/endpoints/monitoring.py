"""Monitoring: configuration, runs, checks and the overview."""

from collections.abc import Sequence

import httpx

from arguslm.call import (
    UNSET,
    Call,
    Id,
    Unset,
    When,
    body_of,
    changes,
    checked,
    endpoint,
    given,
    path,
    raw,
    shape,
)
from arguslm_contracts.rest import monitoring as shapes


class MonitoringEndpoints:
    @endpoint
    def get_monitoring_config(self) -> Call[shapes.MonitoringConfigResponse]:
        return Call("GET", path("monitoring", "config"), shape(shapes.MonitoringConfigResponse))

    @endpoint
    def update_monitoring_config(
        self,
        config: shapes.MonitoringConfigUpdate | None = None,
        *,
        interval_s: int | Unset = UNSET,
        prompt_pack: str | Unset = UNSET,
        max_tokens: int | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.MonitoringConfigResponse]:
        """Change only what is given."""
        body = changes(
            shapes.MonitoringConfigUpdate,
            config,
            interval_s=interval_s,
            prompt_pack=prompt_pack,
            max_tokens=max_tokens,
            enabled=enabled,
        )
        read = shape(shapes.MonitoringConfigResponse)
        return Call("PATCH", path("monitoring", "config"), read, body=body, revision=revision)

    @endpoint
    def run_monitoring(
        self, model_ids: Sequence[Id] | None = None
    ) -> Call[shapes.MonitoringRunResponse]:
        """Check these models now, or every monitored one."""
        body = None
        if model_ids is not None:
            body = body_of(checked(shapes.MonitoringRunRequest, model_ids=list(model_ids)))
        read = shape(shapes.MonitoringRunResponse)
        return Call("POST", path("monitoring", "run"), read, body=body)

    @endpoint
    def get_monitoring_run(self, run_id: Id) -> Call[shapes.MonitoringRunResponse]:
        """How far a run is: `completed` of `requested`."""
        read = shape(shapes.MonitoringRunResponse)
        return Call("GET", path("monitoring", "runs", run_id), read)

    @endpoint
    def list_prompt_packs(self) -> Call[list[shapes.PromptPackResponse]]:
        return Call(
            "GET", path("monitoring", "prompt-packs"), shape(list[shapes.PromptPackResponse])
        )

    @endpoint
    def get_uptime_history(
        self,
        *,
        model_id: Id | None = None,
        status: str | None = None,
        since: When | None = None,
        enabled_only: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Call[shapes.UptimeHistoryResponse]:
        """Checks in the short form of ArgusLM 0.x; `list_checks` has all that was measured."""
        params = given(
            model_id=model_id,
            status=status,
            since=since,
            enabled_only=enabled_only,
            limit=limit,
            offset=offset,
        )
        return Call(
            "GET", path("monitoring", "uptime"), shape(shapes.UptimeHistoryResponse), params
        )

    @endpoint
    def export_uptime_history(
        self,
        *,
        format: str = "json",
        model_id: Id | None = None,
        start_date: When | None = None,
        end_date: When | None = None,
    ) -> Call[httpx.Response]:
        """A file, `json` or `csv`: read `.text` or `.content` of the response."""
        params = given(format=format, model_id=model_id, start_date=start_date, end_date=end_date)
        return Call("GET", path("monitoring", "uptime", "export"), raw, params)

    @endpoint
    def list_checks(
        self,
        *,
        model_id: Id | None = None,
        outcome: str | None = None,
        kind: str | None = None,
        finding: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Call[shapes.CheckPage]:
        """One page of checks, newest first; `iter_checks` walks all pages. `finding` ("warn",
        "fail") keeps those whose probe found something, at this level or above it."""
        params = given(
            model_id=model_id,
            outcome=outcome,
            kind=kind,
            finding=finding,
            limit=limit,
            cursor=cursor,
        )
        return Call("GET", path("checks"), shape(shapes.CheckPage), params)

    @endpoint
    def get_check(self, check_id: Id) -> Call[shapes.CheckResponse]:
        return Call("GET", path("checks", check_id), shape(shapes.CheckResponse))

    @endpoint
    def get_overview(self, range: str = "24h") -> Call[shapes.OverviewResponse]:
        """Every monitored model at a glance, worst first; ratios are of the last `range`."""
        return Call("GET", path("overview"), shape(shapes.OverviewResponse), {"range": range})
