"""A house into a file, and out of one: which files are its keys, and what must not be there."""

import os
import shutil
from pathlib import Path
from typing import IO

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from arguslm_bus.connection import connect
from arguslm_bus.settings import BusSettings
from arguslm_contracts.permissions import OPERATOR
from arguslm_launcher.backup import (
    ORDER,
    About,
    BackupFailed,
    Told,
    read_backup,
    restore_streams,
    write_backup,
)
from arguslm_launcher.data_dir import CannotStart, DataDir, HouseNote, write_private
from arguslm_launcher.maintenance import operator
from arguslm_launcher.nats_server import NatsServer
from arguslm_storage.settings import StorageSettings

_FERNET, _PASSWORDS = "keys/fernet.key", "nats/passwords.json"
KEY_FILES = (_FERNET, "keys/admin.key", "keys/jwt.key", _PASSWORDS)
_UNDER_WAY = "restoring"
_OWN = {_UNDER_WAY, "lock"}


async def back_up(data_dir: Path, target: Path, passphrase: str | None, told: Told) -> About:
    """Write a house, running or resting, into a new file that only its owner may read.

    Raises:
        CannotStart: no house there, or the file cannot be written.
        BackupFailed: the bus gave no backup; no file is left.
    """
    if target.exists():
        raise CannotStart(f"{target} exists: choose another name, or remove it")
    partial = target.with_name(target.name + ".partial")
    try:
        async with operator(data_dir) as client:
            keys = _keys_of(data_dir)
            partial.unlink(missing_ok=True)
            opened = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            with os.fdopen(opened, "w+b") as file:
                about = await write_backup(client, file, keys, passphrase, told)
                file.flush()
                os.fsync(file.fileno())
        partial.rename(target)
    except OSError as error:
        raise CannotStart(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return about


def _keys_of(data_dir: Path) -> dict[str, str]:
    keys = {name: (data_dir / name) for name in KEY_FILES}
    settings = StorageSettings(data_dir=data_dir)
    if settings.encryption_key is not None:
        # Given by hand, it is kept by hand; a file that lies there seals nothing.
        del keys[_FERNET]
    elif settings.encryption_key_file is not None:
        keys[_FERNET] = settings.encryption_key_file
    return {name: path.read_text() for name, path in keys.items() if path.exists()}


async def restore(source: Path, data_dir: Path, passphrase: str | None, told: Told) -> About:
    """Make a house from a file: in an empty directory, or on a given bus without streams.

    The whole file is seen before anything is changed; a directory gets its content in the end.

    Raises:
        CannotStart: the file cannot be read, or there is a house already.
        BackupFailed: the file is no good; nothing was changed.
    """
    try:
        with source.open("rb") as file:
            about, keys = read_backup(file, passphrase)
            given = BusSettings()
            if given.read_nats_password() is None:
                await _into_directory(file, data_dir.absolute(), keys, passphrase, told)
            else:
                await _onto_bus(file, given, data_dir, keys, passphrase, told)
    except OSError as error:
        where = error.filename or source
        raise CannotStart(f"{where}: {error.strerror or error}") from error
    except BackupFailed as error:
        raise BackupFailed(f"{source}: {error}; nothing was changed") from error
    return about


async def _into_directory(
    file: IO[bytes], data_dir: Path, keys: dict[str, str], passphrase: str | None, told: Told
) -> None:
    if data_dir.exists() and {path.name for path in data_dir.iterdir()} - _OWN:
        raise CannotStart(f"{data_dir} is not empty: restore into a directory of its own")
    house = DataDir(data_dir / _UNDER_WAY)
    existed = data_dir.exists()
    shutil.rmtree(house.path, ignore_errors=True)
    try:
        house.path.mkdir(parents=True, mode=0o700)
        _write_keys(house.path, keys)
        server = NatsServer(house.path / "nats")
        await server.start()
        try:
            settings = BusSettings(
                nats_url=server.url,
                nats_user=OPERATOR,
                nats_password=SecretStr(server.passwords[OPERATOR]),
            )
            await _fill(file, settings, passphrase, told)
        finally:
            await server.stop()
        house.write_note(HouseNote(url="", nats_url=""))
        # The streams come last: without them nobody takes the directory for a house.
        for name in ("keys", "house.json", "nats"):
            if (house.path / name).exists():
                (house.path / name).rename(data_dir / name)
    finally:
        shutil.rmtree(house.path, ignore_errors=True)
        if not existed and data_dir.exists() and not any(data_dir.iterdir()):
            data_dir.rmdir()


async def _onto_bus(
    file: IO[bytes],
    settings: BusSettings,
    data_dir: Path,
    keys: dict[str, str],
    passphrase: str | None,
    told: Told,
) -> None:
    """The bus's passwords are its own affair: those of the backup are left out."""
    keys = {name: text for name, text in keys.items() if name != _PASSWORDS}
    for name, text in keys.items():
        path = data_dir / name
        if path.exists() and path.read_text().strip() != text.strip():
            raise CannotStart(f"{path} is another key than the backup's: move it away first")
    client = await connect(settings, OPERATOR)
    try:
        await _refuse_streams(client)
    finally:
        await client.close()
    await _fill(file, settings, passphrase, told)
    _write_keys(data_dir, keys)


async def _refuse_streams(client: Client) -> None:
    for stream in ORDER:
        try:
            await client.jetstream().stream_info(stream)
        except NotFoundError:
            continue
        raise CannotStart(f"the bus has a stream {stream} already: restore onto an empty one")


async def _fill(file: IO[bytes], settings: BusSettings, passphrase: str | None, told: Told) -> None:
    client = await connect(settings, OPERATOR)
    try:
        await restore_streams(client, file, passphrase, told)
    finally:
        await client.close()


def _write_keys(directory: Path, keys: dict[str, str]) -> None:
    for name, text in keys.items():
        if name not in KEY_FILES:
            raise BackupFailed(f"it holds a key that is none: {name!r}")
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, text)
