"""Nobody gets in without a token, and a viewer changes nothing: every route, one by one."""

from pathlib import Path

import pytest
from every_route import Route, all_routes
from running_door import ADMIN_KEY, API, RunningDoor
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

OPEN = {"POST /api/v1/auth/login", "POST /api/v1/auth/refresh", "GET /health"}
# What a viewer may do beside reading: leave.
OF_ANYBODY = {"POST /api/v1/auth/logout"}
SAFE = {"GET", "HEAD", "OPTIONS", "WEBSOCKET"}
ADMINS = ("/api/v1/accounts", "/api/v1/auth/api-keys", "/api/v1/auth/login-links")


def test_the_walk_sees_the_whole_application() -> None:
    routes = {str(route) for route in all_routes()}
    assert len(routes) > 60
    assert {
        *OPEN,
        "GET /docs",
        "GET /redoc",
        "GET /openapi.json",
        "GET /metrics",
        "GET /api/v1/overview",
        "DELETE /api/v1/providers/{provider_id}",
        "WEBSOCKET /api/v1/stream",
        "WEBSOCKET /api/v1/benchmarks/{run_id}/stream",
    } <= routes


@pytest.mark.parametrize("token", [None, "argus_wrong", "a.b.c", ""])
async def test_no_route_answers_a_stranger(house: RunningDoor, token: str | None) -> None:
    stranger = house.client(token)
    for route in all_routes():
        if str(route) in OPEN:
            continue
        if route.method == "WEBSOCKET":
            await _refused_socket(house, route, token)
            continue
        answer = await stranger.request(route.method, route.url)
        assert answer.status_code == 401, route
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def _refused_socket(house: RunningDoor, route: Route, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with pytest.raises(InvalidStatus) as refused:
        await connect(house.url.replace("http", "ws", 1) + route.url, additional_headers=headers)
    assert refused.value.response.status_code == 401


async def test_paths_nobody_knows_are_guarded_too(house: RunningDoor) -> None:
    for path in (f"{API}/nothing", "/api", "/api/v2/providers", "/docs/x", "/metrics/x"):
        assert (await house.client().get(path)).status_code == 401, path
        assert (await house.admin.get(path)).status_code == 404, path


async def test_a_viewer_can_read_and_change_nothing(house: RunningDoor) -> None:
    viewer = await house.as_role("viewer")
    before = len(await house.events())
    for route in all_routes():
        if route.method in SAFE or str(route) in OPEN | OF_ANYBODY:
            continue
        answer = await viewer.request(route.method, route.url, json={})
        assert answer.status_code == 403, f"{route}: {answer.text}"
    assert len(await house.events()) == before
    for path in ("providers", "models", "overview", "checks", "benchmarks", "alerts"):
        assert (await viewer.get(f"{API}/{path}")).status_code == 200, path


async def test_who_comes_in_is_for_admins_only(house: RunningDoor) -> None:
    operator = await house.as_role("operator")
    for route in all_routes():
        if route.method == "WEBSOCKET" or str(route) in OPEN:
            continue
        answer = await operator.request(route.method, route.url, json={})
        if route.path.startswith(ADMINS):
            assert answer.status_code == 403, route
        else:
            assert answer.status_code != 403, route


async def test_static_files_and_health_are_open(house: RunningDoor, tmp_path: Path) -> None:
    stranger = house.client()
    assert (await stranger.get("/health")).status_code == 200
    assert (await stranger.get("/")).json()["status"] == "ok"
    assert (await stranger.post("/")).status_code == 401


async def test_the_admin_key_of_the_settings_is_an_admin(house: RunningDoor) -> None:
    me = (await house.admin.get(f"{API}/auth/me")).json()
    assert me == {"username": "admin", "role": "admin", "kind": "api-key"}
    keys = (await house.admin.get(f"{API}/auth/api-keys")).json()["items"]
    assert [key["hint"] for key in keys] == [ADMIN_KEY[-4:]]
