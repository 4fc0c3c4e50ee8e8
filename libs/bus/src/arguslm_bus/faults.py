"""Whose fault is it? An event that cannot be folded is buried; for anything else we wait.

To bury an event because the disk was full, or two writers had crossed, would lose it. So an event
is blamed only for what is surely its own: values that no column takes, and what our code says of
it. Whatever a database or the bus complains of beyond that will pass, or a person mends it.
"""

from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from arguslm_bus.not_now import NotNow
from arguslm_storage.checkpoints import LostOwnership, WrongVersion
from arguslm_storage.locks import InUse

# The classes of SQLSTATE that speak of values: data exceptions and broken constraints.
_OF_VALUES = ("22", "23")


_WILL_PASS = (
    SQLAlchemyError,
    NatsError,
    NotNow,
    LostOwnership,
    WrongVersion,
    InUse,
    OSError,
    TimeoutError,
)


def blames_event(error: Exception) -> bool:
    """Whether the same event would fail again on a healthy bus and a healthy database."""
    if isinstance(error, DBAPIError):
        return not error.connection_invalidated and _is_of_values(error)
    if isinstance(error, StatementError):
        # A value refused on its way into a statement, by a column type of ours.
        return True
    if isinstance(error, MaxPayloadError):
        return True
    return not isinstance(error, _WILL_PASS)


def _is_of_values(error: DBAPIError) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None:
        return str(sqlstate).startswith(_OF_VALUES)
    # SQLite has no SQLSTATE.
    return isinstance(error, IntegrityError) or "binding parameter" in str(error.orig)
