"""Which live sources are set up: what each is told by variables and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.sources.archives import ARCHIVES
from trendlab.sources.base import Budget
from trendlab.sources.live import Access, LiveSource, Need
from trendlab.sources.registry import LIVE, live_source
from trendlab.sources.web import WebClient, utc_now
from trendlab.steps.live_states import SourceStates

ClientOf = Callable[[LiveSource], WebClient]
"""Makes the client for a source; a parameter, so that tests bring a transport."""
# A secret is a line; a larger file is the wrong one.
MAX_SECRET_BYTES = 16_384


def read_access(source: type[LiveSource], environ: Mapping[str, str]) -> Access:
    """Read what a source is told: NAME, or the file that NAME_FILE names.

    Raises
    ------
    SettingsError
        If both are given, or the file cannot be read.
    """
    values = {}
    for need in source.needs:
        value = _value_of(need, environ)
        if value is not None:
            values[need.variable] = value
    return Access(source.needs, values)


def _value_of(need: Need, environ: Mapping[str, str]) -> str | None:
    given = environ.get(need.variable) or None
    path = environ.get(f"{need.variable}_FILE") or None
    if path is None:
        return given
    if given is not None:
        raise SettingsError(f"give {need.variable} or {need.variable}_FILE, not both")
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_SECRET_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{need.variable}_FILE: {path} cannot be read ({type(error).__name__})"
        ) from None
    if len(text) > MAX_SECRET_BYTES or not text.strip():
        raise SettingsError(f"{need.variable}_FILE: {path} holds no value")
    return text.strip()


def open_source(name: str, environ: Mapping[str, str]) -> LiveSource:
    """Return a source that is set up.

    Raises
    ------
    SettingsError
        If there is none of that name, or something it needs is missing.
    """
    kind = live_source(name)
    access = read_access(kind, environ)
    lacking = access.lacking()
    if lacking:
        told = "; ".join(f"{need.variable} ({need.meaning})" for need in lacking)
        raise SettingsError(
            f"{name} is not set up: it needs {told}. See docs/sources/{name}.md"
        )
    return kind(access)


def configured(environ: Mapping[str, str]) -> dict[str, LiveSource]:
    """Return the sources that have all they need, in the order of the registry."""
    found = {}
    for name, kind in LIVE.items():
        access = read_access(kind, environ)
        if not access.lacking():
            found[name] = kind(access)
    return found


def make_client(source: LiveSource) -> WebClient:
    """Return the client that a source fetches with."""
    return WebClient(
        source.bases(), rates=source.rates, secrets=source.access.secrets()
    )


def describe_sources(
    environ: Mapping[str, str], lake: Lake | None = None, now: datetime | None = None
) -> list[str]:
    """Return what `trendlab sources` prints: what each gives, lacks and needs.

    Parameters
    ----------
    environ : mapping
    lake : Lake or None
        Where it stands what was used of allowances; None counts as nothing.
    now : datetime or None
        UTC; the present moment when None.

    Archives that are told from their content come after the live sources.
    """
    lines = []
    states = None if lake is None else SourceStates(lake)
    now = utc_now() if now is None else now
    for name, kind in LIVE.items():
        access = read_access(kind, environ)
        lacking = {need.variable for need in access.lacking()}
        lines.append(f"{name}: {'not set up' if lacking else 'set up'}")
        lines.append(f"  gives: {kind.gives}")
        lines.append(f"  lacks: {kind.lacks}")
        lines.append(f"  takes: {', '.join(f'{term}s' for term in sorted(kind.takes))}")
        lines.append(f"  limits: {kind.limits}")
        budget = Budget() if states is None else states.budget(name)
        lines += [f"  {line}" for line in kind.describe_budget(budget, now)]
        for need in kind.needs:
            told = (
                "missing"
                if need.variable in lacking
                else "given"
                if access.get(need.variable) not in (None, need.default)
                else "optional"
            )
            lines.append(f"  {need.variable} [{told}]: {need.meaning}")
        lines.append(f"  setup: docs/sources/{name}.md")
    lines.append("files and archives: `trendlab ingest PATH…`, see docs/sources.md")
    for name, archive in ARCHIVES.items():
        lines.append(f"{name}: {archive.title}")
        lines.append(f"  gives: {archive.gives}")
        lines.append(f"  lacks: {archive.lacks}")
    return lines


def check_source(
    name: str, environ: Mapping[str, str], client_of: ClientOf = make_client
) -> list[str]:
    """Try a source's credentials.

    Raises
    ------
    SettingsError
        If something is missing.
    SourceUnavailable
        If the service does not accept them, or is down.
    """
    source = open_source(name, environ)
    with client_of(source) as client:
        return [f"{name}: {line}" for line in source.check(client)]
