-- Ranks of a week and window start at 1 and their intervals are in order.

select
    week_start_on,
    tracker,
    window_kind,
    min(rank) as first_rank,
    bool_and(rank_low <= rank_high) as is_in_order
from marts.influencers
group by week_start_on, tracker, window_kind
having min(rank) <> 1 or not bool_and(rank_low <= rank_high)
