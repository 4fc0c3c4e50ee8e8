"""What the routes work with, put together once at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from arguslm_bus.projector import Projector
from arguslm_egress.policy import EgressPolicy
from arguslm_query_api.auth.authenticator import Authenticator
from arguslm_query_api.auth.login_links import LoginLinks
from arguslm_query_api.auth.origins import Origins
from arguslm_query_api.auth.passwords import Passwords
from arguslm_query_api.auth.rate_limit import RateLimit
from arguslm_query_api.auth.sessions import Sessions
from arguslm_query_api.auth.tokens import TokenSigner
from arguslm_query_api.commands.recorder import Recorder
from arguslm_query_api.live import LiveFeed
from arguslm_query_api.settings import Settings
from arguslm_storage.database import Database
from arguslm_storage.vault import Vault

LOGIN_ATTEMPTS = 10
LOGIN_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Door:
    """`bus_connected` says whether the bus can be reached at this moment; `ready_at` is by stream
    the sequence that the tables must hold before anybody is let in."""

    settings: Settings
    database: Database
    projector: Projector
    recorder: Recorder
    feed: LiveFeed
    vault: Vault
    egress: EgressPolicy
    sessions: Sessions
    signer: TokenSigner
    authenticator: Authenticator
    origins: Origins
    bus_connected: Callable[[], bool]
    ready_at: Mapping[str, int]
    passwords: Passwords = field(default_factory=Passwords)
    login_links: LoginLinks = field(default_factory=LoginLinks)
    login_attempts: RateLimit = field(
        default_factory=lambda: RateLimit(LOGIN_ATTEMPTS, LOGIN_WINDOW_S)
    )
