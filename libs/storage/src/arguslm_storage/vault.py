"""The vault: secrets are sealed before they reach an event, and opened only where they are used.

Fernet, with several keys for rotation: the first seals, all open.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from arguslm_storage.settings import StorageSettings


class VaultError(Exception):
    """A key that is no key, or a seal that none of the keys opens. Never holds a secret."""


class Vault:
    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.strip()) for key in keys if key.strip()])
        except ValueError as error:
            raise VaultError(
                "the encryption key is not a Fernet key (32 bytes, url-safe base64)"
            ) from error

    def seal(self, secrets: Mapping[str, str]) -> str:
        return self._fernet.encrypt(json.dumps(dict(secrets), sort_keys=True).encode()).decode()

    def open(self, sealed: str | None) -> dict[str, str]:
        """What was sealed; an absent seal is no secrets.

        Raises:
            VaultError: none of the keys opens it.
        """
        if sealed is None:
            return {}
        try:
            secrets: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise VaultError("sealed with a key this service does not have") from error
        return secrets


def open_vault(settings: StorageSettings) -> Vault:
    """The vault of the settings: a given key, or the key file."""
    if settings.encryption_key is not None:
        return Vault(settings.encryption_key.get_secret_value().split(","))
    path = settings.encryption_key_file or settings.data_dir / "keys" / "fernet.key"
    try:
        return Vault(path.read_text().split())
    except FileNotFoundError as error:
        raise VaultError(
            f"no encryption key: set ARGUSLM_ENCRYPTION_KEY, or create {path} "
            "(`arguslm up` does it)"
        ) from error


def create_key_file(path: Path) -> None:
    """Write a new key, readable by its owner only; an existing file stays as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(Fernet.generate_key().decode() + "\n")
