"""How to get on the bus of a house on this machine: its address, and a user's password."""

from pathlib import Path

from pydantic import SecretStr

from arguslm_bus.settings import BusSettings
from arguslm_launcher.data_dir import CannotStart, DataDir
from arguslm_launcher.nats_server import kept_passwords


def bus_access(data_dir: Path, user: str) -> BusSettings:
    """The bus of the house that runs in `data_dir`, or ran there last.

    Raises:
        CannotStart: no house was ever started there, or its files cannot be read.
    """
    nats = data_dir / "nats"
    try:
        note = DataDir(data_dir).read_note()
        if note is None or not (nats / "jetstream").exists():
            raise CannotStart(
                f"no house in {data_dir}: start one with `arguslm up`, or set --data-dir"
            )
        password = SecretStr(kept_passwords(nats / "passwords.json")[user])
    except OSError as error:
        raise CannotStart(f"cannot read {error.filename}: {error.strerror}") from error
    return BusSettings(nats_url=note.nats_url, nats_user=user, nats_password=password)
