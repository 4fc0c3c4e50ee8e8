"""What could not be handled goes to the DEAD_LETTERS stream: the message as it was, and why."""

from nats.aio.client import Client

from arguslm_bus.reader import RawMessage
from arguslm_contracts.envelope import MSG_ID
from arguslm_contracts.streams import DEAD_LETTERS

REASON = "Arguslm-Dead-Reason"
ORIGIN = "Arguslm-Dead-Origin"
SUBJECT = "Arguslm-Dead-Subject"


async def bury(
    client: Client,
    service: str,
    stream: str,
    message: RawMessage,
    reason: str,
    *,
    attempts: int = 1,
) -> None:
    """Keep an unhandled message; burying it twice keeps it once.

    Header values are one line and at most 500 characters of the reason.
    """
    headers = dict(message.headers or {})
    headers[MSG_ID] = f"dead:{service}:{stream}:{message.sequence}"
    headers[REASON] = " ".join(reason.split())[:500]
    headers[ORIGIN] = f"{stream}:{message.sequence}"
    headers[SUBJECT] = message.subject
    headers["Arguslm-Dead-Attempts"] = str(attempts)
    for name in [name for name in headers if name.startswith("Nats-Expected-")]:
        del headers[name]
    await client.jetstream().publish(
        f"dead.{service}.{stream}.{message.sequence}",
        message.body,
        stream=DEAD_LETTERS.name,
        headers=headers,
        timeout=5,
    )
