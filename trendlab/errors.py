"""Every error that trendlab raises on purpose.

    TrendlabError
    ├── SettingsError          a setting, tracker file or argument is wrong (exit 2)
    │   └── TrackerFileError   names the file, line and field
    ├── LakeError              the lake cannot do what was asked
    │   ├── MissingPartition   an input that must exist does not
    │   ├── CorruptPartition   a file does not match its checksum
    │   ├── SchemaMismatch     rows do not fit the declared schema
    │   └── LakeLocked         another writer holds the lock
    ├── SourceError            a source cannot be read
    │   ├── UnknownFormat      no source recognises the content
    │   ├── AddressRefused     an address that must not be asked (recorded, passed over)
    │   ├── SourceUnavailable  a live source is down or refuses us
    │   │   ├── SourceDown          no usable answer, after retries
    │   │   ├── CredentialsRefused  it does not accept who we say we are
    │   │   │   └── PermissionRefused  it knows us, and we may not do this
    │   │   ├── RateLimited         it wants us to wait longer than we do
    │   │   └── UnexpectedAnswer    it answered what is not in its documentation
    │   └── TooManyRejected    more rows rejected than the allowed share
    ├── VisionError            a model or a photo cannot be used
    │   ├── ModelError         weights or model card are missing, wrong or unsafe
    │   └── ImageRejected      one photo is unsafe or broken (recorded, passed over)
    ├── SignalError            a signal cannot be computed from what it was given
    ├── WarehouseError         Postgres cannot be reached or refuses
    │   └── MartTestFailed     an SQL test over the marts returned rows
    ├── PrivacyError           a person cannot be erased, or a key is missing or wrong
    ├── CaseError              a sealed copy cannot be made, read or redacted
    ├── AlertError             an alert cannot be sent or acknowledged
    └── ReportError            a notebook or report cannot be rendered

Messages say what was expected, what came, where, and what to do.
The command line turns a `SettingsError` into exit code 2 and every other
`TrendlabError` into exit code 1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


class TrendlabError(Exception):
    """Base of all errors that trendlab raises on purpose."""


class SettingsError(TrendlabError):
    """A setting, tracker file or argument is wrong."""


class TrackerFileError(SettingsError):
    """The tracker file is wrong; the message names file, line and field."""


class LakeError(TrendlabError):
    """The lake cannot do what was asked."""


class MissingPartition(LakeError):
    """An input partition that must exist does not."""


class CorruptPartition(LakeError):
    """A Parquet file does not match its recorded checksum."""


class SchemaMismatch(LakeError):
    """Rows do not fit the declared schema of their table."""


class LakeLocked(LakeError):
    """Another writer holds the lake's lock."""


class SourceError(TrendlabError):
    """A source cannot be read."""


class UnknownFormat(SourceError):
    """No source recognises the content of a file."""


class AddressRefused(SourceError):
    """An address must not be asked; the message is a short reason without it."""


class SourceUnavailable(SourceError):
    """A live source is down or refuses us; its gap is recorded and tried again."""


class SourceDown(SourceUnavailable):
    """No connection, no end, or a failure of the server, after several tries."""


class CredentialsRefused(SourceUnavailable):
    """The service does not accept the credentials, or they lack a permission."""


class PermissionRefused(CredentialsRefused):
    """The credentials hold, but what was asked for is not theirs to read."""


class RateLimited(SourceUnavailable):
    """The service wants us to wait for longer than we are ready to.

    Parameters
    ----------
    message : str
    until : datetime or None
        When it may be asked again, UTC, where that is known.
    """

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class UnexpectedAnswer(SourceUnavailable):
    """The service answered what it should not: HTML, half a body, a wrong status.

    Parameters
    ----------
    message : str
    status : int or None
        HTTP status, where there was one.
    payload : Any
        The JSON of an answer that refuses, for the source to look at; None where
        the body was no JSON. Never shown: it may repeat what was sent.
    """

    def __init__(
        self, message: str, status: int | None = None, payload: Any = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.payload = payload


class TooManyRejected(SourceError):
    """More rows were rejected than the allowed share."""


class VisionError(TrendlabError):
    """A model or a photo cannot be used."""


class ModelError(VisionError):
    """Weights or model card are missing, wrong or unsafe."""


class ImageRejected(VisionError):
    """One photo is unsafe or broken; it is recorded and passed over."""


class SignalError(TrendlabError):
    """A signal cannot be computed from what it was given."""


class WarehouseError(TrendlabError):
    """Postgres cannot be reached or refuses."""


class MartTestFailed(WarehouseError):
    """An SQL test over the marts returned rows."""


class PrivacyError(TrendlabError):
    """A person cannot be erased, or a key is missing or wrong."""


class CaseError(TrendlabError):
    """A sealed copy cannot be made, read or redacted."""


class AlertError(TrendlabError):
    """An alert cannot be sent or acknowledged."""


class ReportError(TrendlabError):
    """A notebook or report cannot be rendered."""
