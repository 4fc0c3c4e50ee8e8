"""The data directory: keys, tables, the event store, logs, and the note about a running house."""

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from arguslm_storage.vault import create_key_file

ADMIN_KEY_PREFIX = "argus_"


class CannotStart(Exception):
    """Why the house cannot start, in one line, with the way to mend it."""


@dataclass
class HouseNote:
    """`house.json`: where a running house is, for the command line and for tests."""

    url: str
    nats_url: str
    demo_port: int = 0
    pids: dict[str, int] = field(default_factory=dict)

    @property
    def bus_port(self) -> int:
        """0 before there was a bus."""
        return urlsplit(self.nats_url).port or 0


class DataDir:
    """A directory that one house at a time may use."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Make the directory and take it.

        Raises:
            CannotStart: not writable, or in use.
        """
        try:
            for name in ("", "keys", "logs"):
                (self.path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.path / "lock").open("a+")
        except FileExistsError as error:
            raise CannotStart(
                f"{error.filename} is no directory; choose another --data-dir"
            ) from error
        except OSError as error:
            raise CannotStart(
                f"cannot write to {self.path}: {error.strerror or error}; choose another --data-dir"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise CannotStart(
                f"another ArgusLM is running on {self.path}; stop it, or choose another --data-dir"
            ) from None
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def admin_key(self, given: str | None) -> str:
        """The admin key: the given one, else the kept one, else a new one; kept 0600."""
        path = self.path / "keys" / "admin.key"
        if given is None and path.exists():
            return path.read_text().strip()
        if given is None:
            return self.new_admin_key()
        write_private(path, given + "\n")
        return given

    def new_admin_key(self) -> str:
        """A new admin key, kept in the place of the old one."""
        key = ADMIN_KEY_PREFIX + secrets.token_urlsafe(32)
        write_private(self.path / "keys" / "admin.key", key + "\n")
        return key

    def make_keys(self) -> bool:
        """Make the key that seals credentials, where there is none. True: one is missed, for this
        directory holds events that were sealed with another."""
        file = self.path / "keys" / "fernet.key"
        missed = not file.exists() and (self.path / "nats" / "jetstream").exists()
        create_key_file(file)
        return missed

    def log_file(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def write_note(self, note: HouseNote) -> None:
        write_private(self.path / "house.json", json.dumps(asdict(note), indent=2) + "\n")

    def read_note(self) -> HouseNote | None:
        """The note of the house that runs here, or ran here last."""
        try:
            stored: dict[str, Any] = json.loads((self.path / "house.json").read_text())
            return HouseNote(**stored)
        except (FileNotFoundError, ValueError, TypeError):
            return None


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; readable by its owner only."""
    beside = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)
