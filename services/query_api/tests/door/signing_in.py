"""An account, and signing in with it."""

from uuid import UUID

import httpx
from running_door import API, RunningDoor

PASSWORD = "correct horse battery"


async def add_account(house: RunningDoor, **given: object) -> UUID:
    body = {"username": "ana", "password": PASSWORD, "role": "operator", **given}
    made = await house.admin.post(f"{API}/accounts", json=body)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


async def log_in(client: httpx.AsyncClient, **given: object) -> httpx.Response:
    body = {"username": "ana", "password": PASSWORD, **given}
    return await client.post(f"{API}/auth/login", json=body)
