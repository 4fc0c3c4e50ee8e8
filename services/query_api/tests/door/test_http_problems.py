"""Errors in one form, limits, headers, revisions and repetition."""

import asyncio
from uuid import uuid4

import pytest
from other_services import add_model, add_provider
from running_door import ADMIN_KEY, API, RunningDoor

from arguslm_contracts.events.registry import ModelUpdated, ProviderRegistered
from arguslm_query_api.commands import providers as provider_commands
from arguslm_query_api.http.requests import MAX_BODY_BYTES
from arguslm_query_api.reads.models import stored_model
from arguslm_query_api.refusals import Taken


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


async def test_a_revision_that_is_not_the_newest_is_refused(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    path = f"{API}/models/{model_id}"
    etag = (await any_house.admin.get(path)).headers["ETag"]
    first = await any_house.admin.patch(
        path, json={"custom_name": "one"}, headers={"If-Match": etag}
    )
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    late = await any_house.admin.patch(
        path, json={"custom_name": "two"}, headers={"If-Match": etag}
    )
    assert late.status_code == 412
    assert (await any_house.admin.delete(path, headers={"If-Match": etag})).status_code == 412
    assert (await any_house.admin.get(path)).json()["custom_name"] == "one"
    anything = await any_house.admin.patch(
        path, json={"custom_name": "two"}, headers={"If-Match": "*"}
    )
    assert anything.status_code == 200
    odd = await any_house.admin.patch(path, json={}, headers={"If-Match": '"x"'})
    assert odd.status_code == 412


async def test_a_lost_race_is_409_and_changes_nothing(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    async with house.door.database.reading() as connection:
        stored = await stored_model(connection, model_id)
    assert stored is not None
    model, revision, sequence = stored

    def renamed(name: str, to_revision: int) -> ModelUpdated:
        changed = model.model_copy(update={"custom_name": name})
        return ModelUpdated(revision=to_revision, at=model.created_at, model=changed)

    winner = renamed("winner", revision + 1)
    await house.says(winner)
    # The second writer saw the same revision, so its event has the same id.
    for loser in (renamed("loser", revision + 1), renamed("loser", revision + 2)):
        with pytest.raises(Taken):
            await house.door.recorder.record(loser, expected_sequence=sequence)
    assert (await house.admin.get(f"{API}/models/{model_id}")).json()["custom_name"] == "winner"
    assert await house.door.recorder.record(winner, expected_sequence=sequence)


async def test_of_many_who_write_at_once_nobody_is_told_a_lie(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    path = f"{API}/models/{model_id}"
    answers = await asyncio.gather(
        *(any_house.admin.patch(path, json={"custom_name": f"n{n}"}) for n in range(8))
    )
    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert sorted(one["revision"] for one in done) == list(range(2, len(done) + 2))
    updates = [e.event for e in await any_house.events() if isinstance(e.event, ModelUpdated)]
    assert len(updates) == len(done)


async def test_the_same_idempotency_key_makes_one_provider(any_house: RunningDoor) -> None:
    body = {"provider_type": "ollama", "display_name": "x", "discover": False}
    headers = {"Idempotency-Key": "once"}
    answers = [
        await any_house.admin.post(f"{API}/providers", json=body, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    said = [e for e in await any_house.events() if isinstance(e.event, ProviderRegistered)]
    assert len(said) == 1
    other = await any_house.admin.post(
        f"{API}/providers", json=body, headers={"Idempotency-Key": "twice"}
    )
    assert other.json()["id"] != answers[0].json()["id"]


async def test_what_is_stored_but_not_shown_yet_is_202_with_a_place_to_look(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(house.door.projector, "wait_for", never)
    answer = await house.admin.post(
        f"{API}/providers", json={"provider_type": "ollama", "display_name": "x"}
    )
    assert answer.status_code == 202
    monkeypatch.undo()
    last = [e for e in await house.events() if isinstance(e.event, ProviderRegistered)][-1]
    assert await house.door.projector.wait_for(last.stream, last.sequence, 10)
    assert (await house.admin.get(answer.headers["Location"])).json()["display_name"] == "x"
