"""Health, and the messages of the live stream."""

from typing import Any, Literal

from arguslm_contracts.rest.base import Shape


class Component(Shape):
    name: str
    healthy: bool
    message: str


class HealthResponse(Shape):
    """`status` is "healthy", "degraded" (reads work, something lags) or "unhealthy" (503)."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    components: list[Component]
    projection_lag: dict[str, int] = {}


class LiveMessage(Shape):
    """One message of `WS /api/v1/stream`. `cursor` continues the stream after it.

    kind: `check` (a CheckResponse), `alert` (an AlertResponse), `benchmark` (run progress),
    `registry` (something about providers, models or rules changed: {"aggregate", "id"}), `ping`.
    """

    kind: Literal["check", "alert", "benchmark", "registry", "ping"]
    cursor: str | None = None
    data: dict[str, Any] = {}
