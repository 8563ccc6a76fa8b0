"""What sources of files share: each file is read whole, in the order given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from trendlab.sources.base import Page, Plan, Request, Slice, State
from trendlab.sources.members import Member


class FileSource(ABC):
    """A format of files; what a file holds is the subclass's to say.

    It adds `name`, `format` and `parse`, which make it a `Source`.
    """

    def plan(self, request: Request, state: State) -> Plan:
        """Read every file, in the order given."""
        slices = (Slice(one.origin, {"member": one}) for one in request.paths)
        return Plan(request, tuple(slices))

    def fetch(self, plan: Plan, client: Any = None) -> Iterator[Page]:
        """Yield the pages of one file after the other; there is nobody to ask."""
        for part in plan.slices:
            member: Member = part.asks["member"]
            observed_at = self.observed_at(member)
            for first_number, payload in self.payloads(member):
                yield Page(payload, member.origin, observed_at, first_number)

    @abstractmethod
    def payloads(self, member: Member) -> Iterator[tuple[int, Any]]:
        """Yield what `parse` gets, and the number of its first record, from 1.

        Notes
        -----
        A file of records comes in pages of up to 5,000, so that memory holds one page;
        what cannot be read is a `Damage`, not an error.
        """

    def observed_at(self, member: Member) -> datetime:
        """Return when the file's records were collected: when it last changed."""
        return member.modified_at
