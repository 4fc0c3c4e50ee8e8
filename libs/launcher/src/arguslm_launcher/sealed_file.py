"""A file sealed with a passphrase: frames of ChaCha20-Poly1305, so that it is written and read in
one pass, and no frame can be changed, moved or cut off unnoticed.

Layout: MAGIC, 16 bytes of salt, then frames of `length (4 bytes, big-endian) | ciphertext`. A
nonce is the frame's number (11 bytes) and whether it is the last (1 byte).
"""

import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"arguslm sealed 1\n"
_SALT_BYTES = 16
_FRAME_BYTES = 1 << 20
_TAG_BYTES = 16


class CannotUnseal(Exception):
    """A wrong passphrase, or a file that is not as it was written."""


class SealedWriter:
    """Write into it and close it; without `close` the file is not complete."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._file, self._cipher = file, _cipher(passphrase, salt)
        self._buffer = bytearray()
        self._frame = 0
        file.write(MAGIC + salt)

    def write(self, data: bytes) -> int:
        self._buffer += data
        while len(self._buffer) > _FRAME_BYTES:
            self._seal(bytes(self._buffer[:_FRAME_BYTES]), last=False)
            del self._buffer[:_FRAME_BYTES]
        return len(data)

    def close(self) -> None:
        self._seal(bytes(self._buffer), last=True)

    def _seal(self, data: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._frame, last), data, None)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._frame += 1


class SealedReader:
    """Reads behind MAGIC, which the caller has seen."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        self._cipher = _cipher(passphrase, file.read(_SALT_BYTES))
        self._length = file.read(4)
        self._buffer = bytearray()
        self._frame = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end.

        Raises:
            CannotUnseal: the passphrase is wrong, or the file is damaged or cut short.
        """
        while len(self._buffer) < size and self._length:
            self._buffer += self._next()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _next(self) -> bytes:
        length = int.from_bytes(self._length, "big")
        if not _TAG_BYTES <= length <= _FRAME_BYTES + _TAG_BYTES:
            raise CannotUnseal("it is damaged")
        sealed = self._file.read(length)
        self._length = self._file.read(4)
        try:
            data = self._cipher.decrypt(_nonce(self._frame, not self._length), sealed, None)
        except InvalidTag:
            if self._frame == 0:
                raise CannotUnseal("the passphrase is wrong, or it is damaged") from None
            raise CannotUnseal("it is damaged or cut short") from None
        self._frame += 1
        return data


def _cipher(passphrase: str, salt: bytes) -> ChaCha20Poly1305:
    # About a fifth of a second and 64 MB for each guess.
    key = Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(passphrase.encode())
    return ChaCha20Poly1305(key)


def _nonce(frame: int, last: bool) -> bytes:
    return frame.to_bytes(11, "big") + bytes([last])
