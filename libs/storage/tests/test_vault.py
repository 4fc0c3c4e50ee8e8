"""The vault: sealed by the newest key, opened by any, and silent about both."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import Vault, VaultError, create_key_file, open_vault

SECRET = {"api_key": "sk-very-secret"}


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    vault = Vault([Fernet.generate_key().decode()])
    sealed = vault.seal(SECRET)
    assert "secret" not in sealed
    assert vault.open(sealed) == SECRET
    assert vault.open(None) == {}


def test_rotation_keeps_old_seals_readable() -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    sealed = Vault([old]).seal(SECRET)
    assert Vault([new, old]).open(sealed) == SECRET
    with pytest.raises(VaultError) as refused:
        Vault([new]).open(sealed)
    assert "secret" not in str(refused.value)


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "fernet.key"
    create_key_file(path)
    first = path.read_text()
    create_key_file(path)
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = StorageSettings(data_dir=tmp_path)
    assert open_vault(settings).open(open_vault(settings).seal(SECRET)) == SECRET


def test_a_missing_or_broken_key_says_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="ARGUSLM_ENCRYPTION_KEY"):
        open_vault(StorageSettings(data_dir=tmp_path))
    with pytest.raises(VaultError, match="not a Fernet key"):
        open_vault(StorageSettings(data_dir=tmp_path, encryption_key=SecretStr("short")))
