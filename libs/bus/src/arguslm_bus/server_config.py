"""The NATS server's configuration, generated from the contracts: each service its own user."""

import json
from collections.abc import Mapping
from pathlib import Path

from arguslm_contracts.permissions import (
    OPERATOR,
    USERS,
    may_publish,
    may_subscribe,
    must_not_publish,
)


def render(
    *,
    passwords: Mapping[str, str],
    store_dir: Path,
    listen: str,
    ports_dir: Path | None = None,
    monitor: str | None = None,
) -> str:
    """A configuration with fsync on every write and no anonymous user.

    `passwords` is by user name, `operator` (who creates streams) among them. `listen` is
    host:port; port -1 picks a free one and tells it in `ports_dir`. `monitor` is host:port of the
    server's own /healthz, which asks for no password: keep it on loopback.
    """
    users: list[dict[str, object]] = [{"user": OPERATOR, "password": passwords[OPERATOR]}]
    users += [
        {
            "user": user.name,
            "password": passwords[user.name],
            "permissions": {
                "publish": {"allow": may_publish(user), "deny": must_not_publish(user)},
                "subscribe": {"allow": may_subscribe(user)},
            },
        }
        for user in USERS
    ]
    config: dict[str, object] = {
        "listen": listen,
        "server_name": "arguslm",
        "max_payload": 8 * 1024 * 1024,
        "jetstream": {"store_dir": str(store_dir), "sync_interval": "always"},
        "authorization": {"users": users},
    }
    if ports_dir is not None:
        config["ports_file_dir"] = str(ports_dir)
    if monitor is not None:
        config["http"] = monitor
    # The server reads JSON as well as its own dialect.
    return json.dumps(config, indent=2)
