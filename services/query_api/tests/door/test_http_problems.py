"""Errors in one form, limits and headers."""

import asyncio
from uuid import uuid4

import pytest
from running_door import ADMIN_KEY, API, RunningDoor

from arguslm_query_api.commands import providers as provider_commands
from arguslm_query_api.http.requests import MAX_BODY_BYTES


async def test_every_error_is_a_problem(house: RunningDoor) -> None:
    admin = house.admin
    cases = [
        (await admin.get(f"{API}/nothing"), 404),
        (await admin.get(f"{API}/models/{uuid4()}"), 404),
        (await admin.put(f"{API}/overview"), 405),
        (await admin.get(f"{API}/auth/login"), 405),
        (await admin.get(f"{API}/models/not-a-uuid"), 422),
        (await admin.post(f"{API}/providers", content=b"{", headers=_JSON), 422),
        (await admin.get(f"{API}/models?limit=1000"), 422),
        (await house.client().get(f"{API}/models"), 401),
        (
            await admin.post(
                f"{API}/auth/api-keys", content=b"x" * (MAX_BODY_BYTES + 1), headers=_JSON
            ),
            413,
        ),
    ]
    for answer, status in cases:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json", status
        problem = answer.json()
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert problem["request_id"] == answer.headers["X-Request-Id"]


_JSON = {"Content-Type": "application/json"}


async def test_a_body_without_a_length_is_limited_too(house: RunningDoor) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    size = MAX_BODY_BYTES + 1
    writer.write(
        f"POST {API}/providers HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {ADMIN_KEY}\r\nContent-Type: application/json\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n".encode()
        + b" " * size
    )
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 413")
    writer.close()


async def test_a_failure_of_ours_tells_nothing_of_our_insides(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("planted inside")

    monkeypatch.setattr(provider_commands, "remove", fails)
    answer = await house.admin.delete(f"{API}/providers/{uuid4()}")
    assert answer.status_code == 500
    assert "planted" not in answer.text
    assert answer.json()["request_id"]
    assert (await house.admin.get(f"{API}/providers")).status_code == 200


async def test_a_refused_secret_is_not_sent_back(house: RunningDoor) -> None:
    bodies = [
        {"provider_type": "openai", "display_name": 3, "credentials": {"api_key": "planted"}},
        {"provider_type": "openai", "display_name": "x", "credentials": "planted"},
        {"provider_type": "ollama", "display_name": "x", "credentials": {"wrong": "planted"}},
    ]
    for body in bodies:
        answer = await house.admin.post(f"{API}/providers", json=body)
        assert answer.status_code == 422
        assert "planted" not in answer.text


async def test_a_request_keeps_its_callers_id(house: RunningDoor) -> None:
    given = await house.admin.get("/health", headers={"X-Request-Id": "abc-1"})
    assert given.headers["X-Request-Id"] == "abc-1"
    odd = await house.admin.get("/health", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["X-Request-Id"] != "a b\tc"
