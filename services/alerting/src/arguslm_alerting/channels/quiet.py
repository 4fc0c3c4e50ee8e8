"""Addresses are secrets, and the libraries that use them like to log them."""

import logging

_TALKATIVE = ("apprise", "httpcore", "httpx", "paho", "requests", "urllib3")


def silence_libraries() -> None:
    """Nothing that these say reaches a log, at any level: what matters is said by us."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
