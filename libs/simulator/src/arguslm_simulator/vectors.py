"""Embeddings that are known in advance: the same text has the same vector, now and for ever."""

import base64
import hashlib
import math
import struct


def vector_of(model: str, text: str, dimensions: int) -> list[float]:
    """A vector of length 1 that depends on nothing but the model's name, the text and the size."""
    digest = hashlib.shake_256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest(
        4 * dimensions
    )
    numbers = [number - 2**31 + 0.5 for number in struct.unpack(f">{dimensions}I", digest)]
    length = math.hypot(*numbers)
    return [round(number / length, 8) for number in numbers]


def in_base64(vector: list[float]) -> str:
    """32-bit floats, little end first: how OpenAI packs a vector."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
