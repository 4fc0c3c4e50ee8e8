"""A configured PostgreSQL is tried once before anything starts."""

from sqlalchemy.exc import SQLAlchemyError

from arguslm_launcher.data_dir import CannotStart
from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings

_VARIABLE = "ARGUSLM_DATABASE_URL"
_HINT = "is PostgreSQL running, and are user, password and database right?"


async def check_database() -> None:
    """
    Raises:
        CannotStart: the URL is none, or nothing answers there; the text holds no password.
    """
    settings = StorageSettings()
    if settings.database_url is None:
        return
    try:
        database = open_database("query-api", settings)
    except (ValueError, OSError, SQLAlchemyError) as error:
        reason = str(error).removeprefix(f"{_VARIABLE}: ")
        raise CannotStart(f"setting {_VARIABLE}: {reason}") from error
    try:
        async with database.reading():
            pass
    except (OSError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CannotStart(f"setting {_VARIABLE}: {reason} ({_HINT})") from error
    finally:
        await database.close()
