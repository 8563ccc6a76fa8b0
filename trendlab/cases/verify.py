"""Compares a case with its manifest: what changed, is missing, or was added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trendlab.cases.manifest import (
    MANIFEST_NAME,
    Entry,
    files_of,
    hash_file,
    head_of,
    read_entries,
)
from trendlab.cases.signing import is_signed
from trendlab.errors import CaseError

REDACTING = ".redacting"
"""Folder of new files while a redaction is under way."""


@dataclass
class Verdict:
    """What a verification found.

    Parameters
    ----------
    head : str
        Hash of the last entry; "" where the chain is broken.
    files_count : int
        Files that the manifest names.
    faults : list of str
        A line each; empty where all is as it was sealed or redacted.
    redactions : list of str
        A line each.
    signatures : list of str
        A line each; what came after one is not signed by it.
    """

    head: str = ""
    files_count: int = 0
    faults: list[str] = field(default_factory=list)
    redactions: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    def lines(self, folder: Path) -> list[str]:
        """Return the lines that the command prints."""
        told = "FAILED" if self.faults else "as it was sealed"
        if self.redactions and not self.faults:
            told = f"as it was sealed, but for {len(self.redactions)} redactions"
        lines = [*self.faults, *self.signatures, *self.redactions]
        lines.append(f"{folder}: {self.files_count} files, {told}")
        if self.head:
            lines.append(f"head: {self.head}")
        return lines


def verify_case(
    folder: Path, known_heads: Sequence[str] = (), public_key: str | None = None
) -> Verdict:
    """Compare every file of a case with its manifest.

    Parameters
    ----------
    folder : Path
    known_heads : sequence of str
        Heads that were noted elsewhere; each must be the hash of an entry.
    public_key : str or None
        64 hexadecimal digits of the Ed25519 key that must have sealed it.

    Returns
    -------
    Verdict
    """
    verdict = Verdict()
    try:
        entries = read_entries(folder)
    except CaseError as error:
        verdict.faults.append(str(error))
        return verdict
    verdict.head = head_of(entries)
    hashes = {entry["hash"] for entry in entries}
    for head in known_heads:
        if head not in hashes:
            verdict.faults.append(
                f"the head {head} that was noted is not in the chain: the manifest was "
                "written anew"
            )
    wanted = files_of(entries)
    verdict.files_count = len(wanted)
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink()
    } - {MANIFEST_NAME}
    for path in sorted(wanted.keys() | there):
        verdict.faults += _faults_of(folder, path, wanted.get(path), path in there)
    _check_signatures(verdict, entries, public_key)
    verdict.redactions = [_told(one) for one in entries if one["kind"] == "redacted"]
    return verdict


def _check_signatures(
    verdict: Verdict, entries: Sequence[Entry], public_key: str | None
) -> None:
    signed = [entry for entry in entries if entry["kind"] == "signed"]
    for entry in signed:
        name = f"entries 1 to {entry['entry'] - 1}, Ed25519 key"
        if is_signed(entry):
            verdict.signatures.append(f"signed: {name} {entry['public_key']}")
        else:
            verdict.faults.append(f"the signature does not fit: {name}")
    if public_key is not None:
        mine = [one for one in signed if one.get("public_key") == public_key]
        if not any(is_signed(one) for one in mine):
            verdict.faults.append(f"not signed by the key that was given: {public_key}")


def _faults_of(
    folder: Path, path: str, sha256: str | None, is_there: bool
) -> list[str]:
    if path.startswith(f"{REDACTING}/"):
        return [f"a redaction was cut off: run `trendlab forget` again: {path}"]
    if sha256 is None:
        return [f"added: {path}"]
    if not is_there:
        return [f"missing: {path}"]
    # a link may lead to the same bytes today and to others tomorrow
    if (folder / path).is_symlink() or hash_file(folder / path) != sha256:
        return [f"changed: {path}"]
    return []


def _told(entry: Entry) -> str:
    counts = ", ".join(
        f"{count:,} of {table}" for table, count in sorted(entry["rows"].items())
    )
    return (
        f"redacted {entry['at'][:10]}: an author was forgotten "
        f"(tombstone {entry['tombstone'][:8]}); rows: {counts}; "
        f"{len(entry['removed']):,} files removed, {len(entry['files']):,} written anew"
    )
