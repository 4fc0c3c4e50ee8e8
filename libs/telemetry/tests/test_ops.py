"""The operators' door, over a real socket; and logs as JSON without colour or noise."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import structlog

from arguslm_telemetry.logs import configure_logs
from arguslm_telemetry.ops import CannotListen, OpsServer


@pytest.fixture
def components() -> dict[str, str]:
    return {"bus": "ok"}


@pytest.fixture
def server(components: dict[str, str]) -> Iterator[OpsServer]:
    with OpsServer("127.0.0.1", 0) as running:
        running.start(lambda: dict(components))
        yield running


def get(server: OpsServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_health_follows_the_components(server: OpsServer, components: dict[str, str]) -> None:
    assert get(server, "/health") == (
        200,
        json.dumps({"status": "healthy", "components": {"bus": "ok"}}),
    )
    components["bus"] = "not connected"
    status, body = get(server, "/health")
    assert (status, json.loads(body)["status"]) == (503, "unhealthy")


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "Address already in use"),
        ("192.0.2.1", "Cannot assign requested address"),
        ("no.such.host.invalid", "Name or service not known"),
    ],
)
def test_an_address_that_cannot_be_had_is_named_with_what_to_set(
    server: OpsServer, host: str, reason: str
) -> None:
    with pytest.raises(CannotListen) as refused:
        OpsServer(host, server.port)
    assert str(refused.value) == (
        f"cannot listen on {host}:{server.port} for /health and /metrics: {reason}; "
        "ARGUSLM_OPS_HOST and ARGUSLM_OPS_PORT say where (port 0: a free one)"
    )


def test_metrics_are_prometheus_text_and_other_paths_are_named(server: OpsServer) -> None:
    status, body = get(server, "/metrics")
    assert (status, "python_info" in body) == (200, True)
    assert get(server, "/")[0] == 404


def test_logs_are_json_lines_with_service_and_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("prober", "info")
    with structlog.contextvars.bound_contextvars(event_id="check.requested:1"):
        structlog.get_logger("ours").info("asked", model="gpt-4.1")
    logging.getLogger("library").warning("theirs")
    logging.getLogger("httpx").info("noise")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["service"], ours["event_id"], ours["event"], ours["model"]) == (
        "prober",
        "check.requested:1",
        "asked",
        "gpt-4.1",
    )
    assert (theirs["event"], theirs["level"]) == ("theirs", "warning")
