"""Where live sources stand: what is covered, what is open, what was used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.sources.base import Budget, Spend
from trendlab.sources.live import Term
from trendlab.sources.spans import (
    Span,
    missing,
    read_moment,
    read_spans,
    write_moment,
    write_spans,
)

TABLE = TABLES["source_states"]
BUDGET_KEY = "budget"
"""Slice key under which what was used of a service's allowances is kept."""
# The longest window of any service's allowance, with a day to spare.
BUDGET_WINDOW = timedelta(days=31)


class SourceStates:
    """The table `source_states`, in memory and in the lake.

    Parameters
    ----------
    lake : Lake
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        rows = lake.read_flat("source_states").to_pylist()
        self._rows = {(row["source"], row["slice_key"]): row for row in rows}

    def of(self, source: str) -> dict[str, Any]:
        """Return slice key → state of a source, without its budget."""
        return {
            key: json.loads(row["state"])
            for (name, key), row in self._rows.items()
            if name == source and key != BUDGET_KEY
        }

    def budget(self, source: str) -> Budget:
        """Return what was used of a source's allowances."""
        row = self._rows.get((source, BUDGET_KEY))
        if row is None:
            return Budget()
        spends = json.loads(row["state"])["spends"]
        return Budget(
            tuple(
                Spend(what, count, item, read_moment(at))
                for what, count, item, at in spends
            )
        )

    def store(
        self,
        source: str,
        key: str,
        state: Mapping[str, Any],
        *,
        requests: int,
        spends: Iterable[Spend],
        moment: datetime,
    ) -> None:
        """Store a term's state and add to the source's budget, in one replacement.

        Parameters
        ----------
        source, key : str
        state : mapping
        requests : int
            All that were ever sent for the term.
        spends : iterable of Spend
            All of the source's that still count, with their moments.
        moment : datetime
        """
        used = [
            [spend.what, spend.count, spend.item, write_moment(spend.at)]
            for spend in spends
            if spend.at is not None and spend.at >= moment - BUDGET_WINDOW
        ]
        for slice_key, held, count in (
            (key, dict(state), requests),
            (BUDGET_KEY, {"spends": used}, 0),
        ):
            self._rows[(source, slice_key)] = {
                "source": source,
                "slice_key": slice_key,
                "state": json.dumps(held, ensure_ascii=False, sort_keys=True),
                "requests_count": count,
                "observed_at": moment,
            }
        rows = [row for _, row in sorted(self._rows.items())]
        self._lake.write_flat("source_states", TABLE.from_rows(rows))

    def requests_of(self, source: str, key: str) -> int:
        """Return how many requests were ever sent for a term."""
        row = self._rows.get((source, key))
        return 0 if row is None else int(row["requests_count"])

    def covered(self, source: str, term: Term) -> list[Span]:
        """Return the spans of time of a term that were fetched."""
        return self._spans(source, term, "covered")

    def lost(self, source: str, term: Term) -> list[Span]:
        """Return the spans of time of a term that the service does not list."""
        return self._spans(source, term, "lost")

    def _spans(self, source: str, term: Term, name: str) -> list[Span]:
        row = self._rows.get((source, term.key))
        return [] if row is None else read_spans(json.loads(row["state"]).get(name))


def forget(
    states: Mapping[str, Any], since: datetime, until: datetime
) -> dict[str, Any]:
    """Return states in which [since, until) counts as not fetched."""
    return {
        key: {
            **state,
            **{
                name: write_spans(
                    [
                        piece
                        for start, end in read_spans(state.get(name))
                        for piece in missing(start, end, [(since, until)])
                    ]
                )
                for name in ("covered", "lost")
            },
        }
        for key, state in states.items()
    }
