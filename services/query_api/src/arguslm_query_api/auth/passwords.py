"""Passwords: scrypt with its parameters beside the hash, computed off the event loop.

Form: `scrypt$n$r$p$salt$hash`, salt and hash in base64.
"""

import asyncio
import base64
import hashlib
import hmac
import os

_N, _R, _P = 2**15, 8, 1
_MAX_MEMORY = 128 * 1024 * 1024
# Each hash takes 32 MiB: more at once would let strangers fill the memory.
_AT_ONCE = 2


class Passwords:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        salt = os.urandom(16)
        digest = await self._scrypt(password, salt, _N, _R, _P)
        return f"scrypt${_N}${_R}${_P}${_base64(salt)}${_base64(digest)}"

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether the password made this hash. Without a hash it takes as long, and is False."""
        _, n, r, p, salt, digest = (stored or _NOBODY).split("$")
        computed = await self._scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
        same = hmac.compare_digest(computed, base64.b64decode(digest))
        return same and stored is not None

    async def _scrypt(self, password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
        def compute() -> bytes:
            return hashlib.scrypt(
                password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32
            )

        async with self._places:
            return await asyncio.to_thread(compute)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_NOBODY = f"scrypt${_N}${_R}${_P}${_base64(bytes(16))}${_base64(bytes(32))}"
