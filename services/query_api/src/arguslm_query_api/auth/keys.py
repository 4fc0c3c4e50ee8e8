"""API keys: 256 random bits that are shown once; only their SHA-256 is kept."""

import hashlib
import hmac
import secrets

PREFIX = "argus_"


def new_key() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """The hash under which a key is kept. It is random, so it needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def same_hash(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def hint_of(key: str) -> str:
    return key[-4:]
