"""Settings of every service: checked before anything starts, and shown by `arguslm config`."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings
from sqlalchemy.exc import SQLAlchemyError

from arguslm_bus.service import describe_settings_error
from arguslm_launcher.data_dir import CannotStart
from arguslm_launcher.house import SERVICES
from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings

_CONNECT_TIMEOUT_HINT = "is PostgreSQL running, and are user, password and database right?"


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting of one service, as it would start now. Secrets are masked."""

    service: str
    variable: str
    value: str
    source: str
    description: str


def settings_class(service: str) -> type[BaseSettings]:
    """Each service's settings stand in its `settings.py` as `Settings`."""
    module = import_module(f"arguslm_{service.replace('-', '_')}.settings")
    found: type[BaseSettings] = module.Settings
    return found


def settings_in_force() -> Iterator[SettingInForce]:
    for service in SERVICES:
        kind = settings_class(service)
        values = kind()
        for name, field in kind.model_fields.items():
            variable = f"ARGUSLM_{name.upper()}"
            yield SettingInForce(
                service=service,
                variable=variable,
                value=_shown(getattr(values, name)),
                source="environment" if variable in os.environ else "default",
                description=field.description or "",
            )


def check_settings() -> None:
    """Read the settings as every service will.

    Raises:
        CannotStart: names the variable and what is wrong with it.
    """
    for service in SERVICES:
        try:
            settings_class(service)()
        except ValidationError as error:
            raise CannotStart(f"{service}: {describe_settings_error(error)}") from error


async def check_database() -> None:
    """Connect once to a configured PostgreSQL.

    Raises:
        CannotStart: it cannot be reached; the text holds no password.
    """
    settings = StorageSettings()
    if settings.database_url is None:
        return
    try:
        database = open_database("query-api", settings)
    except (ValueError, SQLAlchemyError) as error:
        raise CannotStart(f"setting ARGUSLM_DATABASE_URL: {error}") from error
    try:
        async with database.reading():
            pass
    except (OSError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CannotStart(
            f"setting ARGUSLM_DATABASE_URL: {reason} ({_CONNECT_TIMEOUT_HINT})"
        ) from error
    finally:
        await database.close()


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********"
    return "" if value is None else str(value)
