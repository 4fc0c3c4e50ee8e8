"""Looking a channel up in the tables, its address opened only here."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from arguslm_alerting.channels.notice import NotTold, UnknownChannel
from arguslm_alerting.tables import channels
from arguslm_contracts.events.registry import ChannelKind
from arguslm_storage.database import Database
from arguslm_storage.vault import Vault, VaultError


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel ready to be used. The address is a secret and shows in no representation."""

    name: str
    kind: ChannelKind
    address: str = field(repr=False)


class ChannelBook:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def name(self, channel_id: UUID) -> str:
        """What people call the channel; its id before it is known."""
        async with self._database.reading() as connection:
            query = select(channels.c.name).where(channels.c.channel_id == channel_id)
            return await connection.scalar(query) or str(channel_id)

    async def open(self, channel_id: UUID) -> OpenChannel:
        """The channel with its address.

        Raises:
            UnknownChannel: not in the tables (yet).
            NotTold: removed, switched off, or sealed with a foreign key; all final.
        """
        async with self._database.reading() as connection:
            query = select(channels).where(channels.c.channel_id == channel_id)
            row = (await connection.execute(query)).first()
        if row is None:
            raise UnknownChannel("the channel is not known")
        if row.removed:
            raise NotTold("the channel was removed", final=True)
        if not row.enabled:
            raise NotTold("the channel is switched off", final=True)
        try:
            address = self._vault.open(row.url)["url"]
        except VaultError as error:
            raise NotTold(f"the channel's address is {error}", final=True) from None
        return OpenChannel(row.name, row.kind, address)
