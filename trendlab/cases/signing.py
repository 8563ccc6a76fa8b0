"""Signs the chain of a case with an Ed25519 key, and checks such signatures.

A hash says that nothing was changed since it was noted; a signature says who sealed it
to everybody who has their public key.

References
----------
RFC 8032, Edwards-Curve Digital Signature Algorithm (EdDSA).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from trendlab.cases.manifest import Entry, append_entry, head_of
from trendlab.errors import CaseError


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key: PEM, PKCS #8, not encrypted.

    Raises
    ------
    CaseError
        If it cannot be read or is of another kind; its content is not shown.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CaseError(
            f"{path} cannot be read as a private key ({type(error).__name__}): make "
            "one with `openssl genpkey -algorithm ed25519`"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CaseError(f"{path} holds a private key that is not Ed25519")
    return key


def read_public_key(path: Path) -> str:
    """Read a public key in PEM; return its 64 hexadecimal digits.

    Raises
    ------
    CaseError
        If it cannot be read or is of another kind.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise CaseError(
            f"{path} cannot be read as a public key ({type(error).__name__}): make it "
            "with `openssl pkey -in KEY.pem -pubout`"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise CaseError(f"{path} holds a public key that is not Ed25519")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign_entries(entries: Sequence[Entry], key: Ed25519PrivateKey) -> list[Entry]:
    """Return the chain with an entry that signs all before it, by the head."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key.sign(head_of(entries).encode("ascii"))
    return append_entry(
        entries,
        "signed",
        algorithm="ed25519",
        public_key=public.hex(),
        signature=signature.hex(),
    )


def is_signed(entry: Entry) -> bool:
    """Tell whether the signature of a `signed` entry is of its key."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry["public_key"]))
        public.verify(
            bytes.fromhex(entry["signature"]), entry["previous"].encode("ascii")
        )
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True
