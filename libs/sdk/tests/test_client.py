"""The clients over real sockets: what is sent, and how answers are read."""

import asyncio
import inspect
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from stand_in_api import StandIn
from starlette.responses import Response

import arguslm
from arguslm import ArgusLMClient, AsyncArgusLMClient, errors
from arguslm.call import endpoint
from arguslm.client import Endpoints
from arguslm.schemas import (
    ChannelCreate,
    ModelResponse,
    ModelUpdate,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MODEL_ID = uuid4()
TOKEN = "alm_very-secret-token"

# Every operation of ArgusLM 0.x's clients, by its name there.
OLD_NAMES = [
    "get_monitoring_config",
    "update_monitoring_config",
    "run_monitoring",
    "get_uptime_history",
    "list_prompt_packs",
    "export_uptime_history",
    "start_benchmark",
    "list_benchmarks",
    "get_benchmark",
    "get_benchmark_results",
    "export_benchmark",
    "stream_benchmark",
    "list_providers",
    "create_provider",
    "get_provider",
    "update_provider",
    "delete_provider",
    "test_provider_connection",
    "test_existing_provider",
    "refresh_provider_models",
    "get_provider_catalog",
    "list_models",
    "get_model",
    "create_model",
    "update_model",
    "list_alert_rules",
    "create_alert_rule",
    "update_alert_rule",
    "delete_alert_rule",
    "list_alerts",
    "acknowledge_alert",
    "get_unread_alert_count",
    "get_recent_alerts",
    "close",
]


def model(**fields: Any) -> dict[str, Any]:
    return {
        "id": str(MODEL_ID),
        "provider_account_id": str(uuid4()),
        "model_id": "gpt-4.1",
        "source": "manual",
        "enabled_for_monitoring": True,
        "enabled_for_benchmark": True,
        "created_at": NOW.isoformat(),
        **fields,
    }


MODEL_PATH = f"/api/v1/models/{MODEL_ID}"


@pytest.fixture
def client(server: StandIn, quick: None) -> Any:
    with ArgusLMClient(base_url=server.url, api_key=TOKEN) as open_client:
        yield open_client


@pytest.mark.parametrize("kind", [ArgusLMClient, AsyncArgusLMClient])
def test_the_operations_of_0x_are_there(kind: type) -> None:
    assert [name for name in OLD_NAMES if not hasattr(kind, name)] == []


def test_an_answer_is_typed(server: StandIn, client: ArgusLMClient) -> None:
    server.answer("GET", MODEL_PATH, model(later_field="ignored"))
    found = client.get_model(MODEL_ID)
    assert isinstance(found, ModelResponse)
    assert found.model_id == "gpt-4.1"
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_async_client_does_the_same(server: StandIn) -> None:
    server.answer("GET", MODEL_PATH, model())
    async with AsyncArgusLMClient(base_url=server.url, api_key=TOKEN) as client:
        both = await asyncio.gather(client.get_model(MODEL_ID), client.get_model(MODEL_ID))
    assert [one.id for one in both] == [MODEL_ID, MODEL_ID]


def test_signatures_are_kept_for_people_and_editors() -> None:
    with ArgusLMClient(base_url="http://127.0.0.1:1") as client:
        assert list(inspect.signature(client.get_model).parameters) == ["model_id"]
        assert (client.delete_provider.__doc__ or "").startswith("Removes its models")


def test_filters_reach_the_server_by_their_right_names(
    server: StandIn, client: ArgusLMClient
) -> None:
    page = {"items": [], "total": 0, "has_more": False, "limit": 5, "offset": 0}
    server.answer("GET", "/api/v1/models", page)
    provider_id = uuid4()
    client.list_models(provider_id=provider_id, enabled_for_monitoring=True, search="a b", limit=5)
    assert server.seen[0].query == {
        "provider_id": str(provider_id),
        "enabled_for_monitoring": "true",
        "search": "a b",
        "limit": "5",
        "offset": "0",
    }


def test_times_are_sent_in_utc(server: StandIn, client: ArgusLMClient) -> None:
    server.answer(
        "GET", "/api/v1/alerts", {"items": [], "unacknowledged_count": 0, "limit": 50, "offset": 0}
    )
    client.list_alerts(since=datetime.fromisoformat("2026-11-23T13:00:00+01:00"))
    assert server.seen[0].query["since"] == "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({"custom_name": "mine"}, {"custom_name": "mine"}),
        ({"custom_name": None}, {"custom_name": None}),
        ({"enabled_for_monitoring": False}, {"enabled_for_monitoring": False}),
        ({"update": ModelUpdate(custom_name=None)}, {"custom_name": None}),
        ({"update": ModelUpdate(interval_s=30)}, {"interval_s": 30}),
        (
            {"update": ModelUpdate(interval_s=30), "custom_name": None},
            {"interval_s": 30, "custom_name": None},
        ),
    ],
)
def test_an_update_sends_only_what_was_given(
    server: StandIn, client: ArgusLMClient, arguments: Any, sent: Any
) -> None:
    server.answer("PATCH", MODEL_PATH, model())
    client.update_model(MODEL_ID, **arguments)
    assert server.seen[0].body == sent


def test_credentials_are_merged_by_the_server_so_none_travels(
    server: StandIn, client: ArgusLMClient
) -> None:
    server.answer("PATCH", f"/api/v1/providers/{MODEL_ID}", provider())
    client.update_provider(MODEL_ID, credentials={"region": None, "base_url": "http://x"})
    assert server.seen[0].body == {"credentials": {"region": None, "base_url": "http://x"}}


def provider() -> dict[str, Any]:
    stamps = {"created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}
    named = {"provider_type": "openai", "display_name": "P", "enabled": True}
    return {"id": str(uuid4()), **named, **stamps}


def test_secrets_arrive_in_clear_and_nowhere_else(server: StandIn, client: ArgusLMClient) -> None:
    channel = {"id": str(uuid4()), "name": "c", "kind": "webhook", "url_hint": "https://x"}
    server.answer("POST", "/api/v1/alerts/channels", channel | {"enabled": True, "created_at": NOW})
    wanted = ChannelCreate(name="c", kind="webhook", url="https://x/secret-path")  # type: ignore[arg-type]
    client.create_channel(wanted)
    assert server.seen[0].body == {"name": "c", "kind": "webhook", "url": "https://x/secret-path"}
    assert "secret-path" not in repr(wanted)


def test_an_unhealthy_server_is_an_answer(server: StandIn, client: ArgusLMClient) -> None:
    body = b'{"status": "unhealthy", "version": "1", "components": []}'
    server.answer("GET", "/health", Response(body, 503))
    assert client.health().status == "unhealthy"
    assert len(server.seen) == 1


def test_exports_are_files(server: StandIn, client: ArgusLMClient) -> None:
    path = f"/api/v1/benchmarks/{MODEL_ID}/export"
    server.answer("GET", path, Response("a,b\n1,2\n", media_type="text/csv"))
    answer = client.export_benchmark(MODEL_ID, format="csv")
    assert isinstance(answer, httpx.Response)
    assert answer.text == "a,b\n1,2\n"
    assert server.seen[0].query == {"format": "csv"}


async def test_all_pages_of_checks(server: StandIn, client: ArgusLMClient) -> None:
    pages = [
        {"items": [], "next_cursor": "a"},
        {"items": [], "next_cursor": "b"},
        {"items": [], "next_cursor": None},
    ]
    server.answer("GET", "/api/v1/checks", *pages, *pages)
    assert list(client.iter_checks(outcome="ok")) == []
    async with AsyncArgusLMClient(base_url=server.url) as other:
        assert [check async for check in other.iter_checks(outcome="ok")] == []
    cursors = [one.query.get("cursor") for one in server.seen]
    assert cursors == [None, "a", "b"] * 2
    assert {one.query["outcome"] for one in server.seen} == {"ok"}


def test_ids_cannot_leave_their_place_in_the_path(server: StandIn, client: ArgusLMClient) -> None:
    with pytest.raises(errors.NotFound):
        client.get_model("../accounts?x=1")
    assert server.seen[0].path.startswith("/api/v1/models/")
    assert server.seen[0].query == {}


def test_everything_that_is_exported_exists() -> None:
    for name in arguslm.__all__:
        assert getattr(arguslm, name) is not None


def test_every_operation_is_described_once() -> None:
    described = [
        name
        for name in dir(Endpoints)
        if isinstance(inspect.getattr_static(Endpoints, name), endpoint)
    ]
    assert len(described) >= 55


def test_a_proxy_is_not_asked_about_this_machine(
    server: StandIn, refusing_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, refusing_url)
    server.answer("GET", MODEL_PATH, model())
    with ArgusLMClient(base_url=server.url, max_retries=0) as client:
        assert client.get_model(MODEL_ID).id == MODEL_ID
