"""What every event has: a type with a version, a subject, and an id derived from what happened."""

from typing import ClassVar

from arguslm_contracts.record import Record


class Event(Record):
    """A fact. Subclasses name themselves `noun.verb-in-past` and give their key and identity.

    The subject is `<name>.<key>`; the CloudEvents type is `arguslm.<name>.v<version>`. The id is
    used as `Nats-Msg-Id`: two publications of the same fact carry the same id, for ever.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    once: ClassVar[bool] = False
    """Whether its subject may ever hold one message only: the stream itself refuses a twin."""

    @property
    def key(self) -> str:
        """The rest of the subject: one or more tokens without spaces or wildcards."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """What makes this fact one fact, unique among all events of its name."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        return f"{self.name}.{self.key}"

    @property
    def aggregate(self) -> str:
        """The subjects whose last sequence a writer must know: this one, unless said otherwise."""
        return self.subject

    @property
    def event_id(self) -> str:
        return f"{self.name}:{self.identity}"

    @classmethod
    def event_type(cls) -> str:
        return f"arguslm.{cls.name}.v{cls.version}"
