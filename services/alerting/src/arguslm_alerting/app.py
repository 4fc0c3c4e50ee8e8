"""The wiring of alerting: one decider, three workers, one database."""

from nats.aio.client import Client

from arguslm_alerting.channels.apprise_services import AppriseServices
from arguslm_alerting.channels.book import ChannelBook
from arguslm_alerting.channels.webhook import Webhook
from arguslm_alerting.deciding import decider_of
from arguslm_alerting.ledger import Ledger
from arguslm_alerting.projections import SERVICE_TABLES
from arguslm_alerting.settings import Settings
from arguslm_alerting.workers import Notifier
from arguslm_bus.publisher import Publisher
from arguslm_bus.service import Parts, run_service
from arguslm_bus.worker import Worker
from arguslm_egress.policy import EgressPolicy
from arguslm_storage.database import open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.vault import open_vault

NAME = SERVICE_TABLES.service
_LARGE_LAG = 10_000


async def wire(settings: Settings, client: Client) -> Parts:
    vault = open_vault(settings)
    database = open_database(NAME, settings)
    await upgrade(database, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    publisher = Publisher(client, NAME)
    decider = decider_of(client, database)
    egress = EgressPolicy(allow_private=settings.allow_private_addresses)
    webhook, services = Webhook(egress), AppriseServices(egress)
    notifier = Notifier(
        Ledger(client),
        publisher,
        ChannelBook(database, vault),
        {"webhook": webhook.send, "apprise": services.send},
    )
    workers = {duty.durable: Worker(settings, client, NAME, duty) for duty in notifier.duties}

    def health() -> dict[str, str]:
        states = {f"projection {stream}": "ok" for stream in SERVICE_TABLES.folds}
        for stream, events in decider.lag.items():
            if events > _LARGE_LAG:
                states[f"projection {stream}"] = f"{events} events behind"
        for stream, trouble in decider.trouble.items():
            states[f"projection {stream}"] = trouble
        return states | {name: worker.trouble or "ok" for name, worker in workers.items()}

    async def close() -> None:
        services.close()
        await webhook.close()
        await database.close()

    tasks = {name: worker.run() for name, worker in workers.items()}
    return Parts(tasks={"decider": decider.run(), **tasks}, health=health, close=close)


def main() -> None:
    run_service(NAME, Settings, wire)
