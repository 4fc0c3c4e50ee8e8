"""Ending a session before its time, and refresh tokens that are used once.

What has ended stands in the registry, so every replica knows it, also after a restart. Which
refresh tokens were used is known to the replica that took them: it is a second line of defence.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.events.accounts import SessionEnded
from arguslm_query_api.auth.principal import Session
from arguslm_query_api.auth.tokens import Token
from arguslm_query_api.commands.recorder import Recorder
from arguslm_query_api.refusals import NotSignedIn

# Two tabs, or an answer that got lost, may send one refresh token twice.
_GRACE = timedelta(seconds=30)


class Sessions:
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._used: dict[UUID, tuple[datetime, datetime]] = {}

    async def end(self, session: Session, actor: str) -> None:
        """Refuse all tokens of this session from now on."""
        event = SessionEnded(
            revision=1,
            actor=actor,
            at=datetime.now(UTC),
            session_id=session.id,
            expires_at=session.expires_at,
        )
        await self._recorder.record(event)

    async def use_refresh_token(self, token: Token, actor: str) -> None:
        """Raises NotSignedIn for a token that was used before; then it may have been stolen, and
        the whole session ends."""
        now = datetime.now(UTC)
        self._used = {key: times for key, times in self._used.items() if times[1] > now}
        first_used, _ = self._used.setdefault(token.id, (now, token.expires_at))
        if now - first_used > _GRACE:
            await self.end(token.session, actor)
            raise NotSignedIn("this refresh token was used before; sign in again")
