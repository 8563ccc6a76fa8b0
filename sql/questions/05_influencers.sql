-- Who leads each tracker this week, and how sure is the rank?
select
    tracker,
    rank,
    rank_low,
    rank_high,
    author_handle,
    source,
    followers_count,
    home_city,
    flags
from marts.influencers
where
    is_newest
    and window_kind = 'all'
    and rank <= 5
order by tracker, rank
