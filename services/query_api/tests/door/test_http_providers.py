"""Providers: added, tested, changed by one field, discovered, removed."""

from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from other_services import add_model, add_provider, discoverer, measured, now, prober
from running_door import API, RunningDoor

from arguslm_contracts.events.checks import CheckRequested, DiscoveryRequested
from arguslm_contracts.events.registry import ProviderRegistered, ProviderUpdated
from arguslm_contracts.outcomes import Outcome
from arguslm_egress.policy import EgressPolicy
from arguslm_query_api.commands.provider_fields import check_address
from arguslm_query_api.reads.providers import stored_provider
from arguslm_query_api.refusals import Invalid
from arguslm_storage.vault import Vault

KEY = "sk-planted-7f3a"


async def secrets_of(house: RunningDoor, provider_id: UUID) -> dict[str, str]:
    async with house.door.database.reading() as connection:
        stored = await stored_provider(connection, provider_id)
    assert stored is not None
    return house.door.vault.open(stored[0].credentials)


async def test_editing_one_field_leaves_every_other_as_it_was(any_house: RunningDoor) -> None:
    admin = any_house.admin
    provider_id = await add_provider(
        any_house,
        credentials={
            "api_key": KEY,
            "organization_id": "org-1",
            "base_url": "http://127.0.0.1:9/v2",
        },
    )
    path = f"{API}/providers/{provider_id}"
    moved = await admin.patch(path, json={"credentials": {"base_url": "http://127.0.0.1:9/v1"}})
    assert moved.status_code == 200, moved.text
    assert moved.json()["base_url"] == "http://127.0.0.1:9/v1"
    assert moved.json()["settings"] == {"organization_id": "org-1"}
    assert await secrets_of(any_house, provider_id) == {"api_key": KEY}

    renamed = (await admin.patch(path, json={"display_name": "Ours"})).json()
    assert (renamed["display_name"], renamed["base_url"]) == ("Ours", "http://127.0.0.1:9/v1")
    assert await secrets_of(any_house, provider_id) == {"api_key": KEY}

    rekeyed = await admin.patch(path, json={"credentials": {"api_key": "sk-new"}})
    assert rekeyed.json()["base_url"] == "http://127.0.0.1:9/v1"
    assert await secrets_of(any_house, provider_id) == {"api_key": "sk-new"}

    cleared = await admin.patch(path, json={"credentials": {"organization_id": None}})
    assert cleared.json()["settings"] == {}
    assert await secrets_of(any_house, provider_id) == {"api_key": "sk-new"}
    changes = [
        e.event.changed for e in await any_house.events() if isinstance(e.event, ProviderUpdated)
    ]
    assert changes == [("base_url",), ("display_name",), ("credentials",), ("settings",)]


@pytest.mark.parametrize(
    ("known", "elsewhere"), [(None, "http://127.0.0.1:9/v1"), ("http://127.0.0.1:9/v1", None)]
)
async def test_a_vendors_key_stays_with_its_vendor(
    house: RunningDoor, known: str | None, elsewhere: str | None
) -> None:
    provider_id = await add_provider(
        house, provider_type="openai", credentials={"api_key": KEY, "base_url": known}
    )
    path = f"{API}/providers/{provider_id}"
    refused = await house.admin.patch(path, json={"credentials": {"base_url": elsewhere}})
    assert refused.status_code == 422, refused.text
    assert "give api_key again in the same change" in refused.json()["detail"][0]["msg"]
    before = (await house.admin.get(path)).json()["base_url"]
    assert before == known

    entered = {"base_url": elsewhere, "api_key": "sk-of-there"}
    moved = await house.admin.patch(path, json={"credentials": entered})
    assert (moved.status_code, moved.json()["base_url"]) == (200, elsewhere)
    assert await secrets_of(house, provider_id) == {"api_key": "sk-of-there"}


@pytest.mark.parametrize("provider_type", ["openai", "custom_openai_compatible", "vllm"])
async def test_a_server_of_ones_own_moves_with_its_key(
    house: RunningDoor, provider_type: str
) -> None:
    credentials = {"api_key": KEY, "base_url": "http://127.0.0.1:9/v1"}
    provider_id = await add_provider(house, provider_type=provider_type, credentials=credentials)
    moved = await house.admin.patch(
        f"{API}/providers/{provider_id}",
        json={"credentials": {"base_url": "http://localhost:10/v1"}},
    )
    assert (moved.status_code, moved.json()["base_url"]) == (200, "http://localhost:10/v1")
    assert await secrets_of(house, provider_id) == {"api_key": KEY}


async def test_credentials_sealed_with_a_lost_key_can_be_entered_again(house: RunningDoor) -> None:
    provider_id = await add_provider(house, credentials={"api_key": KEY})
    path = f"{API}/providers/{provider_id}"
    async with house.door.database.reading() as connection:
        stored = await stored_provider(connection, provider_id)
    assert stored is not None
    lost = Vault([Fernet.generate_key().decode()]).seal({"api_key": KEY})
    provider = stored[0].model_copy(update={"credentials": lost})
    await house.says(
        ProviderUpdated(revision=2, at=now(), provider=provider, changed=("credentials",))
    )
    renamed = await house.admin.patch(path, json={"display_name": "Ours"})
    assert renamed.status_code == 200, renamed.text
    refused = await house.admin.patch(path, json={"credentials": {"organization_id": "org-1"}})
    assert refused.status_code == 422, refused.text
    assert "enter it again" in refused.json()["detail"][0]["msg"]
    entered = await house.admin.patch(path, json={"credentials": {"api_key": "sk-new"}})
    assert entered.status_code == 200, entered.text
    assert await secrets_of(house, provider_id) == {"api_key": "sk-new"}


async def test_limits_are_set_kept_and_lifted(house: RunningDoor) -> None:
    provider_id = await add_provider(house, requests_per_minute=30)
    path = f"{API}/providers/{provider_id}"
    limits = [(await house.admin.get(path)).json()]
    for change in ({"max_concurrent": 4}, {"display_name": "Ours"}, {"requests_per_minute": 0}):
        limits.append((await house.admin.patch(path, json=change)).json())
    assert [(one["requests_per_minute"], one["max_concurrent"]) for one in limits] == [
        (30, 0),
        (30, 4),
        (30, 4),
        (0, 4),
    ]


async def test_a_change_to_what_is_there_already_says_nothing(house: RunningDoor) -> None:
    provider_id = await add_provider(house, credentials={"api_key": KEY})
    path = f"{API}/providers/{provider_id}"
    same = await house.admin.patch(
        path, json={"display_name": "Mine", "credentials": {"api_key": KEY}}
    )
    assert same.json()["revision"] == 1


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"provider_type": "opanai"}, "provider_type", "openai"),
        ({"display_name": ""}, "display_name", "at least 1"),
        ({"display_name": "   "}, "display_name", "at least 1"),
        ({"credentials": {}}, "credentials", "api_key"),
        ({"credentials": {"api_key": "k", "color": "red"}}, "credentials", "color"),
        ({"credentials": {"api_key": "k", "base_url": "ftp://x"}}, "credentials", "http"),
        (
            {"credentials": {"api_key": "k", "base_url": "http://169.254.169.254/latest"}},
            "base_url",
            "not allowed",
        ),
        ({"colour": "red"}, "colour", "not permitted"),
        ({"requests_per_minute": -1}, "requests_per_minute", "greater than or equal to 0"),
        ({"max_concurrent": "many"}, "max_concurrent", "integer"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(
    house: RunningDoor, body: dict[str, object], field: str, says: str
) -> None:
    given = {
        "provider_type": "openai",
        "display_name": "Mine",
        "credentials": {"api_key": "sk-test"},
        **body,
    }
    refused = await house.admin.post(f"{API}/providers", json=given)
    assert refused.status_code == 422, refused.text
    fault = refused.json()["detail"][0]
    assert fault["loc"][-1] == field
    assert says in fault["msg"]
    assert (await house.admin.get(f"{API}/providers")).json()["total"] == 0


async def test_private_addresses_can_be_forbidden() -> None:
    with pytest.raises(Invalid, match="private"):
        await check_address("http://127.0.0.1:11434", EgressPolicy(allow_private=False), field="x")


async def test_a_connection_is_tested_with_the_endpoints_own_key_and_no_invented_model(
    house: RunningDoor,
) -> None:
    body = {
        "provider_type": "cerebras",
        "display_name": "Fast",
        "credentials": {"api_key": KEY},
    }
    async with house.answering(prober(house)):
        tested = (await house.admin.post(f"{API}/providers/test-connection", json=body)).json()
    assert tested["success"] is True
    assert "a-model" in tested["message"]
    assert tested["details"]["ttft_ms"] == 100.0
    (request,) = [e.event for e in await house.events() if isinstance(e.event, CheckRequested)]
    assert request.purpose == "connection_test"
    assert request.target.model is None
    assert request.target.provider_type == "cerebras"
    assert house.door.vault.open(request.target.credentials) == {"api_key": KEY}
    assert (await house.admin.get(f"{API}/checks")).json()["items"] == []


async def test_a_named_model_is_the_one_that_is_asked(house: RunningDoor) -> None:
    body = {
        "provider_type": "openai",
        "display_name": "x",
        "credentials": {"api_key": KEY, "model": "gpt-4.1"},
    }
    async with house.answering(prober(house)):
        tested = (await house.admin.post(f"{API}/providers/test-connection", json=body)).json()
    assert tested["details"]["model"] == "gpt-4.1"


async def test_a_failed_test_says_why_in_a_sentence(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    refusing = prober(house, measured(Outcome.AUTH, "Incorrect API key"))
    async with house.answering(refusing):
        tested = (await house.admin.post(f"{API}/providers/{provider_id}/test")).json()
    assert tested["success"] is False
    assert tested["message"] == "Mine rejected our credentials [HTTP 503] (Incorrect API key)."
    assert tested["details"]["outcome"] == "auth"


async def test_discovery_counts_what_is_found_and_what_is_new(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    path = f"{API}/providers/{provider_id}/refresh-models"
    async with house.answering(discoverer(house, ["a", "llama3:8b", "meta-llama/Llama-3-70b"])):
        first = (await house.admin.post(path)).json()
        second = (await house.admin.post(path)).json()
    assert (first["success"], first["models_discovered"], first["models_added"]) == (True, 3, 3)
    assert (second["models_discovered"], second["models_added"]) == (3, 0)
    listed = (await house.admin.get(f"{API}/models?provider_id={provider_id}")).json()
    assert {model["model_id"] for model in listed["items"]} == {
        "a",
        "llama3:8b",
        "meta-llama/Llama-3-70b",
    }
    provider = (await house.admin.get(f"{API}/providers/{provider_id}")).json()
    assert provider["model_count"] == 3
    assert provider["discovery"]["models_found"] == 3


async def test_a_failed_discovery_is_no_success_with_no_models(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    dead = discoverer(house, [], Outcome.REFUSED, "connection refused")
    async with house.answering(dead):
        answer = (await house.admin.post(f"{API}/providers/{provider_id}/refresh-models")).json()
    assert answer["success"] is False
    assert "refused the connection" in answer["message"]


async def test_discovery_is_asked_with_the_stored_key(house: RunningDoor) -> None:
    provider_id = await add_provider(house, credentials={"api_key": KEY})
    async with house.answering(discoverer(house, ["a"])):
        await house.admin.post(f"{API}/providers/{provider_id}/refresh-models")
    (request,) = [e.event for e in await house.events() if isinstance(e.event, DiscoveryRequested)]
    assert house.door.vault.open(request.target.credentials) == {"api_key": KEY}


async def test_whether_to_discover_goes_to_the_scheduler(house: RunningDoor) -> None:
    await add_provider(house, discover=True)
    await add_provider(house, discover=False)
    said = [
        e.event.discover for e in await house.events() if isinstance(e.event, ProviderRegistered)
    ]
    assert said == [True, False]


async def test_removing_a_provider_removes_its_models(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "gpt-4.1")
    assert (await any_house.admin.delete(f"{API}/providers/{provider_id}")).status_code == 204
    assert (await any_house.admin.get(f"{API}/providers/{provider_id}")).status_code == 404
    assert (await any_house.admin.get(f"{API}/models/{model_id}")).status_code == 404
    assert (await any_house.admin.delete(f"{API}/providers/{provider_id}")).status_code == 404


async def test_the_catalogue_says_what_each_type_needs(house: RunningDoor) -> None:
    catalog = (await house.admin.get(f"{API}/providers/catalog")).json()
    assert catalog["total"] == len(catalog["providers"]) > 90
    assert catalog["providers"]["ollama"]["requires_api_key"] is False
    assert catalog["providers"]["openai"]["requires_api_key"] is True
    bedrock = catalog["providers"]["aws_bedrock"]
    assert (bedrock["needs"], bedrock["route"]) == (["key", "region"], "captured")
    assert bedrock["verified"] == "simulation"
    assert "aws_secret_access_key" in [field["name"] for field in bedrock["further_fields"]]
    assert catalog["providers"]["replicate"]["route"] == "client_library"


async def test_an_offer_from_the_environment_is_added_with_its_key_sealed(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    offers = (await house.admin.get(f"{API}/providers/offers")).json()["offers"]
    (offer,) = [one for one in offers if one["provider_type"] == "groq"]
    assert KEY not in str(offers)
    added = await house.admin.post(f"{API}/providers/offers/{offer['id']}")
    assert added.status_code == 201, added.text
    assert await secrets_of(house, UUID(added.json()["id"])) == {"api_key": KEY}
    offers = (await house.admin.get(f"{API}/providers/offers")).json()["offers"]
    assert "groq" not in {one["provider_type"] for one in offers}
    unknown = await house.admin.post(f"{API}/providers/offers/machine:ollama:http://127.0.0.1:1")
    assert unknown.status_code == 404


async def test_unknown_providers_are_404(house: RunningDoor) -> None:
    path = f"{API}/providers/{uuid4()}"
    for method, url in [
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
        ("POST", f"{path}/refresh-models"),
    ]:
        body = {"display_name": "x"} if method == "PATCH" else None
        assert (await house.admin.request(method, url, json=body)).status_code == 404, method
