"""Session tokens: JWT, HS256. The access token is short-lived, the refresh token is used once.

Sessions are stateless: a token names its session and whose it is, at which revision. What can end
a session early is in the streams, so every replica knows it, also after a restart: the account's
revision (disabled, other role, other password), the API key's revocation, and
`account.session-ended` (signed out).
"""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import jwt

from arguslm_query_api.auth.principal import Holder, Session
from arguslm_query_api.refusals import NotSignedIn
from arguslm_query_api.settings import Settings

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=7)

_ALGORITHM = "HS256"
_ISSUER = "arguslm"
TokenUse = Literal["access", "refresh"]
SessionKind = Literal["account", "login-link"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was signed by us and has not expired."""

    id: UUID
    kind: SessionKind
    holder: Holder
    session: Session
    expires_at: datetime


class TokenSigner:
    def __init__(self, key: str) -> None:
        self._key = key

    def pair(self, kind: SessionKind, holder: Holder, session_id: UUID) -> tuple[str, str]:
        """An access and a refresh token of one session, which now ends a refresh lifetime away."""
        now = datetime.now(UTC)
        session = Session(session_id, now + REFRESH_LIFETIME)
        return (
            self._sign("access", kind, holder, session, now, now + ACCESS_LIFETIME),
            self._sign("refresh", kind, holder, session, now, session.expires_at),
        )

    def looks_like_one(self, credential: str) -> bool:
        """Whether it has the form of a JWT; no API key of ours has."""
        try:
            return jwt.get_unverified_header(credential).get("alg") == _ALGORITHM
        except jwt.InvalidTokenError:
            return False

    def read(self, token: str, use: TokenUse) -> Token:
        """Raises NotSignedIn: it is no token of ours for this use, or it has expired."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub", "jti"]},
            )
        except jwt.ExpiredSignatureError:
            raise NotSignedIn("the session has expired") from None
        except jwt.InvalidTokenError:
            raise NotSignedIn("the token is not valid") from None
        if claims.get("use") != use:
            raise NotSignedIn(f"this is no {use} token")
        holder_kind, _, holder_id = claims["sub"].partition(":")
        return Token(
            id=UUID(claims["jti"]),
            kind=claims["kind"],
            holder=Holder(holder_kind, UUID(holder_id), claims["rev"]),
            session=Session(UUID(claims["sid"]), datetime.fromtimestamp(claims["end"], UTC)),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )

    def _sign(
        self,
        use: TokenUse,
        kind: SessionKind,
        holder: Holder,
        session: Session,
        issued_at: datetime,
        expires_at: datetime,
    ) -> str:
        claims = {
            "iss": _ISSUER,
            "use": use,
            "kind": kind,
            "sub": str(holder),
            "rev": holder.revision,
            "sid": str(session.id),
            "end": session.expires_at.timestamp(),
            "jti": str(uuid4()),
            "iat": issued_at,
            "exp": expires_at,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)


def open_signer(settings: Settings) -> TokenSigner:
    """With the key of the settings, or of the key file, which is made if it is missing."""
    if settings.jwt_key is not None:
        return TokenSigner(settings.jwt_key.get_secret_value())
    path = settings.data_dir / "keys" / "jwt.key"
    if not path.exists():
        _create(path)
    return TokenSigner(path.read_text().strip())


def _create(path: Path) -> None:
    """Write a new key whole or not at all, so that two replicas starting at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
