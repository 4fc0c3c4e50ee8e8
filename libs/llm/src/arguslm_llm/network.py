"""How we get out: where we may go, and whom we trust there."""

import ssl
from dataclasses import dataclass, field

from arguslm_llm.egress import EgressPolicy
from arguslm_llm.tls import default_ssl_context


@dataclass(frozen=True, slots=True)
class Network:
    """The same for everything a process asks. `tls` None is the machine's own authorities."""

    egress: EgressPolicy = field(default_factory=EgressPolicy)
    tls: ssl.SSLContext | None = None

    @property
    def ssl_context(self) -> ssl.SSLContext:
        return self.tls or default_ssl_context()
