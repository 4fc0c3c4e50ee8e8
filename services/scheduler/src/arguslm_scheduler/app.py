"""The scheduler's wiring: a clock, and a decider that listens to it."""

from nats.aio.client import Client

from arguslm_bus.decider import Decider
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import last_held
from arguslm_bus.service import Parts, run_service
from arguslm_contracts.streams import CHECKS, FOREVER, REGISTRY
from arguslm_scheduler.broom import Broom
from arguslm_scheduler.clock import Clock
from arguslm_scheduler.decisions import SPEAKS_ON, Decisions, first_that_matters
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_scheduler.settings import DISCOVERY_INTERVAL_S, Settings
from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade

NAME = "scheduler"


def decider_of(
    client: Client,
    database: Database,
    locations: tuple[str, ...],
    discovery_interval_s: int = DISCOVERY_INTERVAL_S,
) -> Decider:
    """The decider over migrated tables."""

    async def registry_head() -> int:
        return await last_held(client, REGISTRY.name)

    decisions = Decisions(locations, registry_head, discovery_interval_s)
    return Decider(
        client,
        database,
        SERVICE_TABLES,
        decisions.decide,
        Publisher(client, NAME),
        speaks_on=SPEAKS_ON,
        first_that_matters=first_that_matters,
    )


async def wire(settings: Settings, client: Client) -> Parts:
    database = open_database(NAME, settings)
    await upgrade(database, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    decider = decider_of(client, database, settings.locations, settings.discovery_interval_s)
    clock = Clock(client, Publisher(client, NAME))
    broom = Broom(client, CHECKS.least_age or FOREVER)

    def health() -> dict[str, str]:
        trouble = "; ".join(f"{stream}: {text}" for stream, text in decider.trouble.items())
        return {
            "tables": trouble or "ok",
            "clock": clock.trouble or "ok",
            "broom": broom.trouble or "ok",
        }

    return Parts(
        tasks={"decider": decider.run(), "clock": clock.run(), "broom": broom.run()},
        health=health,
        close=database.close,
    )


def main() -> None:
    run_service(NAME, Settings, wire)
