-- A dip has negatives among its scored items, and says what is up.

select
    dip_id,
    tracker,
    city,
    negative_count,
    scored_count,
    is_count_up,
    is_share_up
from marts.dips
where negative_count = 0
    or negative_count > scored_count
    or not (is_count_up or is_share_up)
