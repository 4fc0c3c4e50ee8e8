"""What every service would start with, and where each value comes from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from arguslm_bus.disk import bytes_a_day, summary_bytes_a_day
from arguslm_bus.retention import SETTABLE, RetentionSettings
from arguslm_contracts.events.registry import MonitoringConfig
from arguslm_contracts.permissions import SERVICES
from arguslm_contracts.streams import CHECKS, CLOCK, StreamSpec
from arguslm_launcher.settings_check import settings_class

HIDDEN = "********"
STREAMS = "streams"
# A secret that is not given stands in the file that another setting names, or in one of ours.
_FILE_SETTING = {
    "encryption_key": "encryption_key_file",
    "nats_password": "nats_password_file",
}
_KEY_FILE = {"encryption_key": "fernet.key", "jwt_key": "jwt.key", "admin_key": "admin.key"}
# `arguslm up` runs a bus of its own, and gives each service its address and its way in.
_SET_BY_UP = {
    "nats_url",
    "nats_user",
    "nats_password",
    "ops_port",
    "host",
    "port",
    "public_url",
    "dashboard_dir",
    "locations",
}


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting of one service, as it would start now. Secrets are masked."""

    service: str
    variable: str
    value: str
    source: str
    description: str
    costs: str = ""


def settings_in_force(data_dir: Path) -> Iterator[SettingInForce]:
    """Every setting of every service of the house in `data_dir`."""
    for service in SERVICES:
        kind = settings_class(service.name)
        values = kind(data_dir=data_dir)
        for name, field in kind.model_fields.items():
            value, source = _value_and_source(name, values)
            yield SettingInForce(
                service=service.name,
                variable=f"ARGUSLM_{name.upper()}",
                value=value,
                source=source,
                description=field.description or "",
            )
    yield from _retention()


def _retention() -> Iterator[SettingInForce]:
    """How long each stream keeps what it holds, and what that takes on disk."""
    values = RetentionSettings()
    for spec in SETTABLE:
        value, source = _value_and_source(spec.setting, values)
        yield SettingInForce(
            service=STREAMS,
            variable=f"ARGUSLM_{spec.setting.upper()}",
            value=value,
            source=source,
            description=RetentionSettings.model_fields[spec.setting].description or "",
            costs=disk_cost(spec, values.age(spec).days),
        )


def disk_cost(spec: StreamSpec, days: int) -> str:
    """In words, for 100 models asked from one place at the interval that holds by default."""
    interval_s = MonitoringConfig().interval_s
    daily = bytes_a_day(spec, models=100, interval_s=interval_s)
    if daily is None:
        return ""
    words = f"{_megabytes(daily)} a day"
    if spec is not CLOCK:
        words += f" per 100 models asked each {interval_s} s"
    if days:
        words += f", {_megabytes(daily * days)} in all"
    if spec is CHECKS:
        words += f"; their hours {_megabytes(summary_bytes_a_day(models=100))} a day, for ever"
    return words


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def _value_and_source(name: str, values: BaseSettings) -> tuple[str, str]:
    value = getattr(values, name)
    if os.environ.get(f"ARGUSLM_{name.upper()}"):
        return _shown(value), "environment"
    if name == "data_dir":
        is_default = value == type(values).model_fields[name].default
        return _shown(value), "default" if is_default else "--data-dir"
    file = _secret_file(name, values)
    if file is not None and file.exists():
        return HIDDEN, f"file {file}"
    if name in _SET_BY_UP:
        return _shown(value), "default; `arguslm up` sets it"
    return _shown(value), "default"


def _secret_file(name: str, values: BaseSettings) -> Path | None:
    named: Path | None = getattr(values, _FILE_SETTING.get(name, ""), None)
    if named is not None or name not in _KEY_FILE:
        return named
    data_dir: Path = values.model_dump()["data_dir"]
    return data_dir / "keys" / _KEY_FILE[name]


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
