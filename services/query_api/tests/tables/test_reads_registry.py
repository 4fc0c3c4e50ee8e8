"""Providers and models as people see them."""

from door_events import (
    ACME,
    OTHER,
    T0,
    Streams,
    added,
    discovered,
    minute,
    model,
    provider,
    registered,
)

from arguslm_contracts.events import registry
from arguslm_contracts.identity import derive
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.outcomes import Outcome
from arguslm_query_api.reads import models, providers
from arguslm_storage.database import Database


async def fill(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider(base_url="https://acme.example")))
    streams.say(registered(provider(OTHER, display_name="beta", credentials=None)))
    streams.say(added(model("gpt-4.1")), added(model("o3", monitored=False)))
    streams.say(added(model("100%_sure", custom_name="Äpfel", benchmarkable=False)))
    streams.say(added(model("gpt-4.1", OTHER, monitored=False)))
    streams.say(discovered([], minute(3), Outcome.REFUSED))
    await streams.fold_into(database)


async def test_providers_count_their_models_and_never_show_a_secret(database: Database) -> None:
    await fill(database)
    async with database.reading() as connection:
        acme, beta = await providers.list_providers(connection)
        assert await providers.get_provider(connection, ACME) == acme
        assert await providers.get_provider(connection, derive("none")) is None
    assert (acme.display_name, acme.model_count, acme.monitored_count) == ("Acme", 3, 2)
    assert (beta.display_name, beta.model_count, beta.monitored_count) == ("beta", 1, 0)
    assert (acme.has_credentials, beta.has_credentials) == (True, False)
    assert (acme.region, acme.base_url) == ("eu", "https://acme.example")
    assert "sealed" not in acme.model_dump_json()
    assert acme.discovery is not None
    assert (acme.discovery.outcome, acme.discovery.message) == ("refused", "no route")
    assert (acme.discovery.at, acme.discovery.models_found) == (minute(3), 0)
    assert beta.discovery is None


async def test_models_are_found_by_every_filter(database: Database) -> None:
    await fill(database)

    async def names(**filters: object) -> list[str]:
        async with database.reading() as connection:
            page = await models.list_models(connection, **filters)  # type: ignore[arg-type]
        assert page.total == len(page.items)
        return [one.model_id for one in page.items]

    assert await names() == ["gpt-4.1", "o3", "100%_sure", "gpt-4.1"]
    assert await names(provider_id=OTHER) == ["gpt-4.1"]
    assert await names(enabled_for_monitoring=True) == ["gpt-4.1", "100%_sure"]
    assert await names(enabled_for_benchmark=False) == ["100%_sure"]
    assert await names(search="GPT") == ["gpt-4.1", "gpt-4.1"]
    assert await names(search="pfel") == ["100%_sure"]
    assert await names(search="%") == ["100%_sure"]
    assert await names(search="_") == ["100%_sure"]
    assert await names(retired=True) == []
    assert len(await names(retired=False)) == 4


async def test_a_retired_model_is_listed_and_counts_as_unwatched(database: Database) -> None:
    facts = ModelFacts(context_length=8192, created_at=T0)
    gone = model("gpt-4.1", facts=facts, retired_at=minute(5), source="discovered")
    streams = Streams()
    streams.say(registered(provider()), added(model("gpt-4.1")), added(model("o3")))
    streams.say(registry.ModelRetired(revision=2, at=minute(5), model=gone))
    await streams.fold_into(database)
    async with database.reading() as connection:
        (one,) = (await models.list_models(connection, retired=True)).items
        assert (one.retired_at, one.facts) == (minute(5), facts)
        (acme,) = await providers.list_providers(connection)
        assert (acme.model_count, acme.monitored_count) == (2, 1)
    back = gone.model_copy(update={"retired_at": None})
    streams.say(registry.ModelListed(revision=3, at=minute(6), model=back))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert (await models.list_models(connection, retired=True)).items == []


async def test_models_come_in_pages(database: Database) -> None:
    await fill(database)
    async with database.reading() as connection:
        first = await models.list_models(connection, limit=3)
        second = await models.list_models(connection, limit=3, offset=3)
    assert (first.total, first.has_more, len(first.items)) == (4, True, 3)
    assert (second.total, second.has_more, len(second.items)) == (4, False, 1)
    assert second.items[0].provider_name == "beta"


async def test_found_models_keep_the_asked_order(database: Database) -> None:
    await fill(database)
    gpt, o3 = model("gpt-4.1"), model("o3")
    async with database.reading() as connection:
        found = await models.find_models(
            connection, [o3.model_id, derive("none"), gpt.model_id, o3.model_id]
        )
        shown = await models.get_model(connection, gpt.model_id)
    assert [one.name for one in found] == ["o3", "gpt-4.1"]
    assert shown is not None
    assert (shown.provider_account_id, shown.provider_type) == (ACME, "openai")
