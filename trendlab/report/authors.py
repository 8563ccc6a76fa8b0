"""Asks who stands behind peaks and negative peaks, and who carries several trackers."""

from __future__ import annotations

import pandas as pd

from trendlab.report.marts import Marts

# A quarter: long enough for the last few events of a quiet tracker.
BEHIND_DAYS = 90

_BEHIND = """
with above_usual as (
    select
        influencers.*,
        row_number() over (partition by week_start_on, window_kind order by rank)
            as place
    from marts.influencers
    where
        tracker = :tracker
        and window_kind <> 'all'
        and week_start_on between cast(:last_day as date) - :behind_days and :last_day
        and coalesce(contribution_share, 1) > 0
)

select * from above_usual
where place <= :a_window
order by week_start_on desc, window_kind, rank
limit :most
"""


_SEVERAL = """
select *
from marts.multi_tracker_influencers
where
    week_start_on = (
        select max(week_start_on)
        from marts.multi_tracker_influencers
        where week_start_on <= :last_day
    )
    and (:tracker = 'all' or :tracker = any(string_to_array(trackers, ', ')))
order by trackers_count desc, best_rank, posts_count desc, author_id
limit :most
"""


def authors_of_several(marts: Marts, *, most: int) -> pd.DataFrame:
    """Return authors who carry the notebook's tracker and others.

    Parameters
    ----------
    marts : Marts
        Binds tracker, of which `all` is any, and last_day.
    most : int
        Rows in all.

    Returns
    -------
    DataFrame
        Rows of marts.multi_tracker_influencers of the newest week up to last_day.
    """
    return marts.ask(_SEVERAL, most=most)


def authors_behind(marts: Marts, *, a_window: int, most: int) -> pd.DataFrame:
    """Return the best ranked of the authors who made more of an event than is usual.

    An author can rank high on days of an event without a part in it: the score weighs
    likes and followers too. Such authors are left out; where nobody's usual is known,
    nobody is.

    Parameters
    ----------
    marts : Marts
        Binds tracker and last_day.
    a_window : int
        Authors of each week and window.
    most : int
        Rows in all.

    Returns
    -------
    DataFrame
        Rows of marts.influencers of the last quarter but those of the window `all`, the
        newest week first.
    """
    return marts.ask(_BEHIND, behind_days=BEHIND_DAYS, a_window=a_window, most=most)
