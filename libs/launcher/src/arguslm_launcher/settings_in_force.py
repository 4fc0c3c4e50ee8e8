"""What every service would start with, and where each value comes from."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from arguslm_contracts.permissions import SERVICES
from arguslm_launcher.settings_check import settings_class

HIDDEN = "********"
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
