"""How many tokens a model needs to answer a liveness probe when it thinks first.

Learned from its own replies, and kept by the summary of an hour, so that it outlives the checks.
"""

from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.outcomes import Outcome

MOST_TOKENS = 8_192
"""No liveness probe asks for more, whatever a model has thought."""


def thinking_reply_tokens(check: CheckCompleted) -> int | None:
    """The output tokens of a reply that was cut off in thought, or came after some. None where a
    check says nothing about that."""
    measured = check.measurement
    if not check.counts or measured.usage.output_tokens is None:
        return None
    thought = measured.outcome is Outcome.TRUNCATED or (
        measured.outcome is Outcome.OK and bool(measured.usage.reasoning_tokens)
    )
    return measured.usage.output_tokens if thought else None


def longer(one: int | None, other: int | None) -> int | None:
    """The longer of two replies, of which either may be unknown."""
    return max((n for n in (one, other) if n is not None), default=None)


def token_budget(configured: int, longest_reply_tokens: int | None) -> int:
    """What to allow a reply: twice the longest that was seen, never less than is configured."""
    learned = min(2 * (longest_reply_tokens or 0), MOST_TOKENS)
    return max(configured, learned)
