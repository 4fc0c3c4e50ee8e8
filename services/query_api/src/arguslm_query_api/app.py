"""The query API's wiring: the tables kept, the live feed, and the door."""

import uvloop
from nats.aio.client import Client

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import last_held
from arguslm_bus.service import Parts, run_service
from arguslm_contracts.streams import ACCOUNTS, REGISTRY
from arguslm_egress.policy import EgressPolicy
from arguslm_query_api.auth.admin_key import register_admin_key
from arguslm_query_api.auth.authenticator import Authenticator
from arguslm_query_api.auth.origins import Origins
from arguslm_query_api.auth.sessions import Sessions
from arguslm_query_api.auth.tokens import open_signer
from arguslm_query_api.books import Books
from arguslm_query_api.commands.recorder import Recorder
from arguslm_query_api.door import Door
from arguslm_query_api.health import summary
from arguslm_query_api.http.application import create_app
from arguslm_query_api.live import LiveFeed
from arguslm_query_api.live_messages import messages_from
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_query_api.serving import listen, serve
from arguslm_query_api.settings import Settings
from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.vault import open_vault

NAME = "query-api"


async def open_door(settings: Settings, client: Client, database: Database) -> Door:
    """Everything the routes need, on migrated tables; nothing runs yet."""
    publisher = Publisher(client, NAME)
    projector = Projector(client, database, SERVICE_TABLES)
    vault = open_vault(settings)
    recorder = Recorder(client, publisher, projector, vault)
    signer = open_signer(settings)
    feed = LiveFeed(client, projector, messages_from(database))
    if settings.admin_key is not None:
        await register_admin_key(client, publisher, settings.admin_key.get_secret_value())
    await feed.start()
    # Whoever may come in has to be known before anybody is let in.
    ready_at = {spec.name: await last_held(client, spec.name) for spec in (ACCOUNTS, REGISTRY)}
    return Door(
        settings=settings,
        database=database,
        projector=projector,
        recorder=recorder,
        feed=feed,
        vault=vault,
        egress=EgressPolicy(allow_private=settings.allow_private_addresses),
        sessions=Sessions(recorder),
        signer=signer,
        authenticator=Authenticator(database, signer),
        origins=Origins(settings),
        bus_connected=lambda: client.is_connected,
        ready_at=ready_at,
    )


async def wire(settings: Settings, client: Client) -> Parts:
    listening = listen(settings)
    database = open_database(NAME, settings)
    await upgrade(database, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    door = await open_door(settings, client, database)
    books = Books(client, Publisher(client, NAME), settings.checks_age)
    return Parts(
        tasks={
            "projector": door.projector.run(),
            "live feed": door.feed.follow(),
            "books": books.run(),
            "http": serve(create_app(door), settings, listening),
        },
        health=lambda: {**summary(door), "history": books.trouble or "ok"},
        close=database.close,
    )


def main() -> None:
    run_service(NAME, Settings, wire, loop_factory=uvloop.new_event_loop)


if __name__ == "__main__":
    main()
