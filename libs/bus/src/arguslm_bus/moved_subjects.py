"""Subjects that a stream gives up to another one take their events along.

Subjects of two streams must not overlap, so there is a while in which nobody keeps them, and one in
which both streams hold some of their events. Every step can be taken again: it looks at what is
there, and nothing is removed before its copy is acknowledged.
"""

from nats.aio.client import Client
from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError

from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_contracts.envelope import MSG_ID

_ACK_S = 60.0
_SAID_TO_THE_SERVER = "nats-"


async def move_subjects(client: Client, source: str, target: StreamConfig) -> bool:
    """Make `target` the only stream of its subjects, with all their events in their order; whether
    there was anything to do.

    Raises:
        nats.errors.Error: the bus does not take it; moving again goes on from there.
    """
    jetstream = client.jetstream()
    moving = list(target.subjects or [])
    try:
        found = (await jetstream.stream_info(source)).config
    except NotFoundError:
        return False
    kept = [subject for subject in found.subjects or [] if subject not in moving]
    if is_taking := kept != found.subjects:
        await jetstream.update_stream(found.evolve(subjects=kept))
    left = await _messages(client, source, moving)
    if not is_taking and not left:
        return False
    await _create(client, target)
    await _copy(client, left, source, target)
    for subject in moving:
        await jetstream.purge_stream(source, subject=subject)
    return True


async def _messages(client: Client, stream: str, subjects: list[str]) -> list[RawMessage]:
    until = (await stream_state(client, stream)).last_sequence
    return [
        message
        async for batch in read_until(client, stream, after=0, until=until, subjects=subjects)
        for message in batch
    ]


async def _create(client: Client, target: StreamConfig) -> None:
    """Not anew where an earlier attempt has made it: it may hold what is nowhere else."""
    assert target.name is not None
    try:
        await client.jetstream().stream_info(target.name)
    except NotFoundError:
        await client.jetstream().add_stream(target)


async def _copy(
    client: Client, messages: list[RawMessage], source: str, target: StreamConfig
) -> None:
    """One after another, so that the copies are a beginning of the whole whatever ends it. Which
    ids are there already is looked up: the broker itself remembers them for minutes."""
    assert target.name is not None
    held = {(one.headers or {}).get(MSG_ID) for one in await _messages(client, target.name, [])}
    for message in messages:
        headers = _headers_of(message, source)
        if headers[MSG_ID] in held:
            continue
        ack = await client.jetstream().publish(
            message.subject, message.body, timeout=_ACK_S, headers=headers
        )
        if ack.stream != target.name:
            raise RuntimeError(f"{message.subject} went to {ack.stream}, not to {target.name}")
        held.add(headers[MSG_ID])


def _headers_of(message: RawMessage, source: str) -> dict[str, str]:
    """Without what was said to the server alone, such as where the aggregate stood in the old
    stream. A message of no id, which is no event of ours, gets one to be known by."""
    headers = {
        name: value
        for name, value in (message.headers or {}).items()
        if name == MSG_ID or not name.lower().startswith(_SAID_TO_THE_SERVER)
    }
    return {MSG_ID: f"{source}-{message.sequence}", **headers}
