"""How an event's excess is spread over its authors: one, a few, or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Verdict = Literal["single", "few", "broad", "none", "not_assessable"]

# One author with at least half of the excess made the event.
SINGLE_SHARE = 0.5
# Chance that two posts of the excess are of one author, if ten equal authors make them;
# above it the excess is as concentrated as if fewer than ten had made it.
FEW_SAME_SHARE = 0.1
# With fewer posts above the usual, one post more or less makes the verdict. It is the
# floor of negatives of a dip.
MIN_EXCESS_POSTS = 5.0
# With fewer items of known authors than this part, the known ones say little.
MIN_KNOWN_SHARE = 0.5


@dataclass(frozen=True)
class Concentration:
    """How few authors made an event.

    Parameters
    ----------
    authors_count : int
        Known authors with an item in the event.
    known_share : float
        Part of the event's items whose author is known, 0 to 1; 0 of none.
    top_share : float or None
        The strongest author's part of the summed positive excess, 0 to 1.
    hhi : float or None
        Sum of the squared parts (Herfindahl-Hirschman), 0 to 1.
    verdict : {"single", "few", "broad", "none", "not_assessable"}
        `single`: one author has at least half of the excess; `few`: as if fewer
        than ten had made it; `none`: nobody is above the usual; `not_assessable`:
        fewer than half of the items have a known author, or fewer than five items
        are above the usual; there are no shares then.
    """

    authors_count: int
    known_share: float
    top_share: float | None
    hhi: float | None
    verdict: Verdict


def concentration(authors: pl.DataFrame, items_count: int) -> Concentration:
    """Tell how an event's excess is spread over its authors.

    Parameters
    ----------
    authors : polars.DataFrame
        observed and expected items of each known author, one row per author.
    items_count : int
        All items of the event, those of unknown authors too.

    Returns
    -------
    Concentration

    Notes
    -----
    Own excess over own usual. The total is a sum over authors, so an author's part
    is also the Shapley value (Shapley 1953); it shows who was there, not who caused
    it. Posts of unknown authors belong to nobody and are left out of the parts.

    `few` is told by the chance that two posts of the excess are of one author
    (Simpson 1949), (N · HHI − 1) / (N − 1) of N posts, and not by HHI itself: of
    eight posts by eight strangers HHI is 0.125, and nobody among them stands out.
    """
    known = float(authors["observed"].sum())
    known_share = known / items_count if items_count else 0.0
    if known_share < MIN_KNOWN_SHARE:
        return Concentration(authors.height, known_share, None, None, "not_assessable")
    excess = pl.col("observed") - pl.col("expected")
    shares = authors.select(share=share_of_excess(excess))["share"]
    top = float(shares.max() or 0.0)  # type: ignore[arg-type]  # a float column
    hhi = float((shares**2).sum())
    total = float(authors.select(excess.clip(lower_bound=0.0).sum()).item())
    verdict = verdict_of(top, hhi, total)
    if verdict == "not_assessable":
        return Concentration(authors.height, known_share, None, None, verdict)
    return Concentration(authors.height, known_share, top, hhi, verdict)


def share_of_excess(excess: pl.Expr) -> pl.Expr:
    """Return each excess as a share of the positive ones; 0 below the usual."""
    positive = excess.clip(lower_bound=0.0)
    total = positive.sum()
    return pl.when(total > 0).then(positive / total).otherwise(0.0)


def verdict_of(top_share: float, hhi: float, excess: float) -> Verdict:
    """Say in a word how concentrated an excess of so many posts is."""
    if top_share <= 0:
        return "none"
    if excess < MIN_EXCESS_POSTS:
        return "not_assessable"
    if top_share >= SINGLE_SHARE:
        return "single"
    same_share = (excess * hhi - 1.0) / (excess - 1.0)
    return "few" if same_share >= FEW_SAME_SHARE else "broad"
