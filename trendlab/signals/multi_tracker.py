"""Who carries several trackers: the rule whose counting is SQL over author-days."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.signals.standing import MIN_TRACKER_POSTS, MIN_TRACKERS

RULE = "multi_tracker-2"
# Rows kept of each week, most trackers and posts first: more than a person reads, and
# the table stays small however many authors a source has. Lift is over all of them.
KEEP = 1_000
# A share of fewer authors than this is not compared with another.
MIN_LIFT_AUTHORS = 30

PARAMS = {
    "min_posts": MIN_TRACKER_POSTS,
    "min_trackers": MIN_TRACKERS,
    "min_authors": MIN_LIFT_AUTHORS,
    "keep": KEEP,
}
"""Values of sql/lake/multi_tracker_authors.sql."""


def as_week(counted: pa.Table, monday: date, run_id: str) -> pa.Table:
    """Give what was counted over 28 days the week that it ends with.

    Parameters
    ----------
    counted : pyarrow.Table
        Of sql/lake/multi_tracker_authors.sql; one row per source and author.
    monday : date
        Monday of the week that the 28 days end with.
    run_id : str

    Returns
    -------
    pyarrow.Table
        Schema `multi_tracker_authors`.

    Notes
    -----
    The lift of two trackers is the number of authors who carry both over the number
    to be expected if carrying one said nothing of the other, n_ab · n / (n_a · n_b),
    among the n authors with at least 2 posts of any tracker [1]_. An author of more
    trackers gets the geometric mean over pairs. Trackers that share hashtags share
    posts, so a high lift tells of the trackers as much as of the author.

    References
    ----------
    .. [1] S. Brin, R. Motwani, J. D. Ullman and S. Tsur, "Dynamic itemset counting
       and implication rules for market basket data", SIGMOD 1997 (there "interest").
    """
    declared = TABLES["multi_tracker_authors"]
    same = {"day": monday, "rule_version": RULE, "run_id": run_id}
    rows = counted
    for name, value in same.items():
        column = pa.repeat(pa.scalar(value, declared.arrow.field(name).type), len(rows))
        rows = rows.append_column(name, column)
    return rows.select(declared.names).cast(declared.arrow)
