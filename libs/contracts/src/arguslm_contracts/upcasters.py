"""From an older version of an event to the next: readers know only the newest.

An upcaster takes and gives plain JSON objects. To change a meaning: raise `version` on the event
class, record an example of the old version under `samples/`, and add one function here.
"""

from collections.abc import Callable
from typing import Any

JsonObject = dict[str, Any]
Upcaster = Callable[[JsonObject], JsonObject]

# "arguslm.check.completed.v1" -> ("arguslm.check.completed.v2", function)
UPCASTERS: dict[str, tuple[str, Upcaster]] = {}


def upcast(event_type: str, data: JsonObject) -> tuple[str, JsonObject]:
    """Bring data of any recorded version to the newest one."""
    while event_type in UPCASTERS:
        event_type, step = UPCASTERS[event_type]
        data = step(data)
    return event_type, data
