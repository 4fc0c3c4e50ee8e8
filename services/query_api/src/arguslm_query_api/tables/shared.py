"""What the tables of every stream share."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
)

from arguslm_storage.checkpoints import checkpoint_table

metadata = MetaData()
checkpoints = checkpoint_table(metadata)


def position() -> tuple[Column[int], Column[int]]:
    """Where an aggregate stands: its revision, and the stream sequence of its last event."""
    return (
        Column("revision", Integer, nullable=False),
        Column("sequence", BigInteger, nullable=False),
    )


def bill() -> tuple[Column[int], ...]:
    """What requests came to. Whole numbers, for sums of them are the same in every order."""
    return (
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("reasoning_tokens", BigInteger, nullable=False, comment="part of the output"),
        Column("cached_tokens", BigInteger, nullable=False, comment="part of the input"),
        Column("priced", Integer, nullable=False, comment="requests whose cost is known"),
        Column("unpriced", Integer, nullable=False, comment="requests whose cost nobody knows"),
        Column("cost_nano_usd", BigInteger, nullable=False, comment="of the priced ones"),
    )
