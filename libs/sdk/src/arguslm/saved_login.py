"""The login that `arguslm login` leaves behind: one server, one identity, one 0600 file."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Login:
    """Where, and with what. `refresh_token` is set for the session of a person only."""

    url: str
    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    username: str = ""


def login_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`$ARGUSLM_HOME/credentials.json`, else in the user's configuration directory."""
    if home := environ.get("ARGUSLM_HOME"):
        return Path(home) / "credentials.json"
    base = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "arguslm" / "credentials.json"


def load_login(file: Path) -> Login | None:
    """The saved login, or None when there is none that can be read."""
    try:
        data = json.loads(file.read_text())
        return Login(**{f.name: data[f.name] for f in fields(Login) if f.name in data})
    except (OSError, ValueError, TypeError):
        return None


def save_login(file: Path, login: Login) -> None:
    """Write it whole or not at all; nobody else may read it at any moment."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".credentials-")
    try:
        with os.fdopen(handle, "w") as out:
            json.dump(asdict(login), out, indent=2)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def forget_login(file: Path) -> bool:
    """Remove it; False when there was none."""
    if not file.exists():
        return False
    file.unlink()
    return True
