"""When something fails: what is repeated, what is not, and what is said."""

import json
import traceback
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from stand_in_api import StandIn, problem
from starlette.responses import Response

from arguslm import ArgusLMClient, AsyncArgusLMClient, errors
from arguslm.schemas import (
    ModelCreate,
    ProviderCreate,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MODEL_ID = uuid4()
TOKEN = "alm_very-secret-token"


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


@pytest.mark.parametrize("lost", [429, 502, 503, 504])
def test_reading_is_repeated(server: StandIn, client: ArgusLMClient, lost: int) -> None:
    server.answer("GET", MODEL_PATH, lost, lost, model())
    assert client.get_model(MODEL_ID).id == MODEL_ID
    assert len(server.seen) == 3


async def test_reading_is_repeated_by_the_async_client(server: StandIn, quick: None) -> None:
    server.answer("GET", MODEL_PATH, 503, model())
    async with AsyncArgusLMClient(base_url=server.url) as client:
        assert (await client.get_model(MODEL_ID)).id == MODEL_ID
    assert len(server.seen) == 2


def test_repetition_has_an_end(server: StandIn, client: ArgusLMClient) -> None:
    server.answer("GET", MODEL_PATH, 503)
    with pytest.raises(errors.ServerError):
        client.get_model(MODEL_ID)
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_change_is_sent_once(server: StandIn, client: ArgusLMClient, status: int) -> None:
    server.answer("PATCH", MODEL_PATH, status)
    with pytest.raises(errors.ApiError):
        client.update_model(MODEL_ID, custom_name="x")
    assert [one.method for one in server.seen] == ["PATCH"]


def test_a_repeated_post_says_that_it_is_one(server: StandIn, client: ArgusLMClient) -> None:
    body = ModelCreate(provider_account_id=uuid4(), model_id="m")
    server.answer("POST", "/api/v1/models", 503, 502, model())
    assert client.create_model(body).id == MODEL_ID
    client.create_model(body)
    keys = [one.headers["idempotency-key"] for one in server.seen]
    assert len(keys) == 4
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


def test_whoever_lost_a_race_gets_both_versions(server: StandIn, client: ArgusLMClient) -> None:
    lost = {"status": 409, "title": "Conflict", "detail": "somebody else changed this"}
    lost |= {"yours": {"custom_name": "x"}, "current": model(custom_name="y", revision=4)}
    server.answer("PATCH", MODEL_PATH, Response(json.dumps(lost), 409))
    with pytest.raises(errors.Conflict, match="somebody else") as caught:
        client.update_model(MODEL_ID, custom_name="x", revision=3)
    assert server.seen[0].headers["if-match"] == '"3"'
    assert caught.value.yours == {"custom_name": "x"}
    assert caught.value.current == lost["current"]


def test_a_broken_connection_repeats_reading_only(
    dropping_url: tuple[str, list[bytes]], quick: None
) -> None:
    url, heard = dropping_url
    with ArgusLMClient(base_url=url, api_key=TOKEN) as client:
        with pytest.raises(errors.ConnectionFailed, match="broke during GET"):
            client.get_model(MODEL_ID)
        assert len(heard) == 3
        with pytest.raises(errors.ConnectionFailed, match="it may have been carried out"):
            client.update_model(MODEL_ID, custom_name="x")
    assert [request.split(b" ")[0] for request in heard] == [b"GET"] * 3 + [b"PATCH"]


def test_a_repeated_deletion_that_finds_nothing_has_succeeded(
    server: StandIn, client: ArgusLMClient
) -> None:
    server.answer("DELETE", MODEL_PATH, 503, 404)
    client.delete_model(MODEL_ID)
    assert len(server.seen) == 2
    with pytest.raises(errors.NotFound):
        client.delete_provider(MODEL_ID)


def test_retry_after_is_respected(
    server: StandIn, client: ArgusLMClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("arguslm.transport.time.sleep", waits.append)
    server.answer("GET", MODEL_PATH, problem(429, "slow down", Retry_After="3"), model())
    client.get_model(MODEL_ID)
    assert waits == [3.0]


def test_a_server_that_asks_for_too_much_patience_is_not_waited_for(
    server: StandIn, client: ArgusLMClient
) -> None:
    server.answer("GET", MODEL_PATH, problem(429, "slow down", Retry_After="3600"))
    with pytest.raises(errors.RateLimited) as caught:
        client.get_model(MODEL_ID)
    assert caught.value.retry_after_s == 3600
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (422, errors.ValidationFailed),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (418, errors.ApiError),
    ],
)
def test_errors_are_typed_and_speak(
    server: StandIn, client: ArgusLMClient, status: int, kind: type[errors.ApiError]
) -> None:
    server.answer("POST", "/api/v1/monitoring/run", problem(status, "the reason, in a sentence"))
    with pytest.raises(errors.ArgusLMError) as caught:
        client.run_monitoring()
    assert type(caught.value) is kind
    assert str(caught.value) == "the reason, in a sentence (request req-7)"


def test_the_faults_of_a_422_are_told_without_their_values(
    server: StandIn, client: ArgusLMClient
) -> None:
    faults = [
        {"loc": ["body", "display_name"], "msg": "is too short", "input": "sk-secret"},
        {"loc": ["body", "credentials", "base_url"], "msg": "Value error, is no URL"},
    ]
    server.answer("POST", "/api/v1/providers", problem(422, faults))
    with pytest.raises(errors.ValidationFailed) as caught:
        client.create_provider(ProviderCreate(provider_type="openai", display_name="x"))
    assert str(caught.value).startswith(
        "display_name: is too short; credentials.base_url: is no URL"
    )


def test_the_token_is_in_no_message(server: StandIn, refusing_url: str, quick: None) -> None:
    echo = f"the token {TOKEN} is not known"
    server.answer("GET", MODEL_PATH, problem(401, echo), problem(500, echo))
    server.answer("GET", "/api/v1/overview", Response(f"<html>{TOKEN}</html>"))
    for url in (server.url, refusing_url):
        with ArgusLMClient(base_url=url, api_key=TOKEN) as client:
            assert TOKEN not in repr(client) + repr(vars(client))
            for call in (lambda: client.get_model(MODEL_ID), client.get_overview):
                with pytest.raises(errors.ArgusLMError) as caught:
                    call()
                assert TOKEN not in _everything(caught.value)


def _everything(error: BaseException) -> str:
    shown = [*traceback.format_exception(error), repr(error), repr(vars(error))]
    return "\n".join(shown)


def test_a_password_in_the_address_is_in_no_message(refusing_url: str) -> None:
    url = refusing_url.replace("//", "//ada:hidden@")
    with ArgusLMClient(base_url=url, max_retries=0) as client:
        with pytest.raises(errors.ConnectionFailed, match="cannot connect to http://127") as caught:
            client.get_model(MODEL_ID)
        assert "hidden" not in str(caught.value) + repr(client)


def test_a_slow_server_is_a_timeout(server: StandIn) -> None:
    server.answer("PATCH", MODEL_PATH, _Slow())
    with (
        ArgusLMClient(base_url=server.url, timeout=0.2) as client,
        pytest.raises(errors.TimedOut, match="in time; it may have been carried out"),
    ):
        client.update_model(MODEL_ID, custom_name="x")


class _Slow(Response):
    """Says nothing until the caller has gone."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{}", b""])
def test_something_else_than_arguslm_is_recognized(
    server: StandIn, client: ArgusLMClient, body: bytes
) -> None:
    server.answer("GET", "/api/v1/overview", Response(body))
    with pytest.raises(errors.UnexpectedAnswer, match="is it the right address"):
        client.get_overview()


def test_what_is_stored_but_not_visible_yet_says_so(server: StandIn, client: ArgusLMClient) -> None:
    where = {"Location": MODEL_PATH}
    server.answer("PATCH", MODEL_PATH, Response(b'{"status": "accepted"}', 202, where))
    with pytest.raises(errors.NotYetVisible, match="look at /api/v1/models/") as caught:
        client.update_model(MODEL_ID, custom_name="x")
    assert caught.value.location == MODEL_PATH


def test_a_redirect_is_not_followed_with_our_token(server: StandIn, client: ArgusLMClient) -> None:
    elsewhere = Response(status_code=307, headers={"Location": f"{server.url}/elsewhere"})
    server.answer("GET", "/api/v1/overview", elsewhere)
    with pytest.raises(errors.UnexpectedAnswer, match="redirects"):
        client.get_overview()
    assert len(server.seen) == 1


def test_a_value_that_does_not_fit_is_refused_before_sending(
    server: StandIn, client: ArgusLMClient
) -> None:
    with pytest.raises(errors.ValidationFailed, match="interval_s") as caught:
        client.update_model(MODEL_ID, interval_s=1)
    assert caught.value.status == 422
    with pytest.raises(errors.ValidationFailed) as caught:
        client.update_account(uuid4(), password="-".join(["too", "short"]))
    assert "too-short" not in _everything(caught.value)
    assert server.seen == []
