"""Keyed hashes: names that only the holder of a key can test, or tell apart."""

from __future__ import annotations

import hashlib

# 128 bits: among a billion authors two hashes meet by chance once in 10^20.
DIGEST_BYTES = 16
KEY_BYTES = 32
# Tells keys apart, and is too short to try keys with.
KEY_ID_BYTES = 4
# Of BLAKE2's `person` parameter: a hash for one use says nothing of another.
MAX_PURPOSE_BYTES = 16


class KeyedHash:
    """BLAKE2b with a key, 128 bits, for one purpose.

    Parameters
    ----------
    key : bytes
        32 bytes at random.
    purpose : str
        At most 16 bytes; the same parts hash differently for another purpose.

    References
    ----------
    RFC 7693, The BLAKE2 Cryptographic Hash and Message Authentication Code.
    """

    def __init__(self, key: bytes, purpose: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, got {len(key)}")
        self._key = key
        self._purpose = purpose.encode()

    def __repr__(self) -> str:
        return f"KeyedHash({self.key_id})"

    @property
    def key_id(self) -> str:
        """8 hexadecimal digits that tell this key from another."""
        return hashlib.blake2b(
            b"key id", digest_size=KEY_ID_BYTES, key=self._key, person=self._purpose
        ).hexdigest()

    def of(self, *parts: str) -> str:
        """Return 32 hexadecimal digits for texts, each kept apart from the next."""
        digest = hashlib.blake2b(
            digest_size=DIGEST_BYTES, key=self._key, person=self._purpose
        )
        for part in parts:
            encoded = part.encode("utf-8", errors="replace")
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
        return digest.hexdigest()
