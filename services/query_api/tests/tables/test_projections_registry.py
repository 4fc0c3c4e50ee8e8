"""REGISTRY and ACCOUNTS: the last state of all that is there, and where everything ever stood."""

from datetime import timedelta

from door_events import (
    ACME,
    OTHER,
    T0,
    Streams,
    added,
    configured,
    minute,
    model,
    provider,
    registered,
    rows_of,
)

from arguslm_contracts.events import registry
from arguslm_contracts.events.accounts import (
    Account,
    AccountCreated,
    AccountRemoved,
    ApiKey,
    ApiKeyCreated,
    ApiKeyRevoked,
    SessionEnded,
)
from arguslm_contracts.identity import derive
from arguslm_contracts.model_facts import ModelFacts
from arguslm_query_api.reads import accounts, aggregates, alerts, models, monitoring, providers
from arguslm_storage.database import Database

ROUTER = "meta-llama/Llama-3-70b"


async def test_a_removed_provider_takes_its_models_along(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider()), registered(provider(OTHER, display_name="Other")))
    streams.say(added(model("gpt-4.1")), added(model(ROUTER)), added(model(ROUTER, OTHER)))
    await streams.fold_into(database)
    streams = Streams()
    streams.say(registry.ProviderRemoved(revision=2, at=T0, provider_id=ACME))
    # A discovery that answers too late does not bring a model back.
    streams.say(added(model("late")))
    await streams.fold_into(database)
    rows = await rows_of(database, "providers", "models")
    assert [row["provider_id"] for row in rows["providers"]] == [OTHER]
    assert [(row["name"], row["provider_id"]) for row in rows["models"]] == [(ROUTER, OTHER)]


async def test_a_removed_model_is_still_known_to_writers(database: Database) -> None:
    streams, gone = Streams(), model("gpt-4.1")
    streams.say(registered(provider()), added(gone))
    streams.say(registry.ModelRemoved(revision=2, at=T0, model_id=gone.model_id))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await models.stored_model(connection, gone.model_id) is None
        assert await aggregates.last(connection, f"model.*.{gone.model_id}") == (3, 2)
        assert await aggregates.last(connection, f"model.*.{ACME}") == (0, 0)
    streams.say(added(gone, revision=3))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await models.stored_model(connection, gone.model_id) == (gone, 3, 4)


async def test_registered_again_in_the_batch_that_removed_it(database: Database) -> None:
    streams, one = Streams(), model("gpt-4.1")
    streams.say(registered(provider()), added(one))
    await streams.fold_into(database)
    streams.say(registry.ProviderRemoved(revision=2, at=T0, provider_id=ACME))
    streams.say(registered(provider(display_name="Acme again"), revision=3))
    streams.say(added(model("new")))
    await streams.fold_into(database)
    rows = await rows_of(database, "providers", "models")
    assert [row["display_name"] for row in rows["providers"]] == ["Acme again"]
    assert [row["name"] for row in rows["models"]] == ["new"]


async def test_states_come_back_whole(database: Database) -> None:
    streams = Streams()
    channel = registry.Channel(
        channel_id=derive("channel"), name="Team", kind="webhook", url="sealed", created_at=T0
    )
    account = Account(
        account_id=derive("ada"),
        username="ada",
        role="admin",
        password_hash="scrypt$x",
        created_at=T0,
    )
    key = ApiKey(
        key_id=derive("key"),
        name="ci",
        role="viewer",
        key_hash="ab" * 32,
        hint="wxyz",
        created_at=T0,
        expires_at=minute(90),
    )
    acme = provider(base_url="https://acme.example/v1", monitor_discovered=True)
    llama = model(ROUTER, custom_name="Llama", interval_s=30, metadata={"size": 70, "tags": ["a"]})
    facts = ModelFacts(context_length=8192, input_usd_per_million_tokens=0.5, created_at=T0)
    llama = llama.model_copy(update={"facts": facts, "retired_at": minute(9)})
    streams.say(registered(acme), added(llama, revision=1))
    streams.say(registry.ChannelCreated(revision=1, at=T0, channel=channel))
    streams.say(AccountCreated(revision=1, at=T0, account=account))
    streams.say(ApiKeyCreated(revision=1, at=T0, api_key=key))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await providers.stored_provider(connection, ACME) == (acme, 1, 1)
        assert await models.stored_model(connection, llama.model_id) == (llama, 1, 2)
        assert await accounts.stored_account(connection, account.account_id) == (account, 1, 1)
        assert await accounts.account_by_name(connection, "ada") == (account, 1, 1)
        assert await accounts.account_by_name(connection, "bob") is None
        assert await accounts.api_key_by_hash(connection, "ab" * 32) == key
        assert await accounts.api_key_by_hash(connection, "cd" * 32) is None
        assert await alerts.stored_channel(connection, channel.channel_id) == (channel, 1, 3)
    streams.say(ApiKeyRevoked(revision=2, at=T0, key_id=key.key_id))
    streams.say(AccountRemoved(revision=2, at=T0, account_id=account.account_id))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await accounts.stored_api_key(connection, key.key_id) is None
        assert await accounts.list_accounts(connection) == []


async def test_an_ended_session_stays_ended(database: Database) -> None:
    streams, session_id = Streams(), derive("session")
    ended = SessionEnded(
        revision=1, at=T0, session_id=session_id, expires_at=T0 + timedelta(hours=1)
    )
    streams.say(ended, ended)
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await accounts.session_ended(connection, session_id)
        assert not await accounts.session_ended(connection, derive("another"))


async def test_the_configuration_has_defaults_and_remembers_its_first_day(
    database: Database,
) -> None:
    async with database.reading() as connection:
        config, revision, sequence = await monitoring.stored_config(connection)
        assert (config.interval_s, revision, sequence) == (60, 0, 0)
        assert (await monitoring.get_config(connection)).interval_minutes == 1
    streams = Streams()
    streams.say(configured(1, minute(1), interval_s=90), configured(2, minute(9), interval_s=10))
    await streams.fold_into(database)
    async with database.reading() as connection:
        shown = await monitoring.get_config(connection)
        assert (shown.interval_s, shown.interval_minutes, shown.revision) == (10, 1, 2)
        assert shown.created_at == minute(1)
        assert await aggregates.last(connection, "monitoring.*.global") == (2, 2)
