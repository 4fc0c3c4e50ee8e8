"""Cancellations that got lost.

Until Python 3.12, `asyncio.wait_for` swallows a cancellation that arrives together with its result,
and nats-py waits with it everywhere. An endless loop around such a call has to ask.
"""

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError if this task was told to end and did not hear it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
