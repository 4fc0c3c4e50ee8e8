"""Settings of every service, read before anything starts: a mistake is told at once."""

import os
from importlib import import_module

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from arguslm_bus.retention import RetentionSettings
from arguslm_bus.service import describe_settings_error
from arguslm_contracts.permissions import SERVICES
from arguslm_launcher.data_dir import CannotStart


def settings_class(service: str) -> type[BaseSettings]:
    """Each service's settings stand in its `settings.py` as `Settings`."""
    module = import_module(f"arguslm_{service.replace('-', '_')}.settings")
    found: type[BaseSettings] = module.Settings
    return found


def check_settings() -> None:
    """Read the settings as every service will.

    Raises:
        CannotStart: names the variable and what is wrong with it.
    """
    for service in SERVICES:
        try:
            settings_class(service.name)()
        except ValidationError as error:
            raise CannotStart(f"{service.name}: {describe_settings_error(error)}") from error
    try:
        RetentionSettings()
    except ValidationError as error:
        raise CannotStart(f"streams: {describe_settings_error(error)}") from error


def one_location() -> str:
    """Where the one prober of this machine asks from.

    Raises:
        CannotStart: models would be asked from a place that has no prober.
    """
    location = str(settings_class("prober")().model_dump()["location"])
    wanted = settings_class("scheduler")().model_dump()["locations"]
    if os.environ.get("ARGUSLM_LOCATIONS") and wanted != (location,):
        raise CannotStart(
            f"setting ARGUSLM_LOCATIONS: `arguslm up` runs one prober, which asks from "
            f"{location!r}; leave it unset, and name the place with ARGUSLM_LOCATION"
        )
    return location
