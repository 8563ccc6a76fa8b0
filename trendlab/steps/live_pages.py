"""Pages of a slice that are written together."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from trendlab.sources.base import Accepted, Page, Refused, Slice, Spend, State
from trendlab.sources.spans import write_moment


class Pages:
    """Records of pages that are written together; renumbered, for pages repeat."""

    def __init__(self, part: Slice, resume: State | None) -> None:
        self.part = part
        self.at = resume
        self.accepted: list[Accepted] = []
        self.origins: list[str] = []
        self.refused: list[tuple[str, Refused]] = []
        self.spends: list[Spend] = []
        self.origin = ""
        self.pages_count = 0
        self._resume = resume

    def add(self, page: Page, records: Any) -> None:
        """Take the records of a page."""
        self.origin = page.origin
        self.pages_count += 1
        self.at = page.state
        for spend in page.spends:
            at = page.observed_at if spend.at is None else spend.at
            self.spends.append(replace(spend, at=at))
        for record in records:
            number = len(self.accepted) + len(self.refused) + 1
            if isinstance(record, Accepted):
                self.accepted.append(replace(record, number=number))
                self.origins.append(page.origin)
            else:
                self.refused.append((page.origin, replace(record, number=number)))

    def identity(self) -> str:
        """Return what tells this batch from others: what was asked, from where on."""
        return repr(
            (
                self.part.key,
                None if self.part.since is None else write_moment(self.part.since),
                None if self.part.until is None else write_moment(self.part.until),
                sorted(
                    (k, repr(v)) for k, v in self.part.asks.items() if k != "resume"
                ),
                # a state that was stored comes back in another order
                json.dumps(self._resume, sort_keys=True, default=str),
            )
        )
