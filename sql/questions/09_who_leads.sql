-- Which city wears it first, which follows, and by how many weeks?
select
    tracker,
    kind,
    value,
    source_city,
    target_city,
    lag_weeks,
    strength,
    q_value
from marts.influence_edges
where
    is_newest
    and window_kind = 'history'
    and not is_same_reversed
order by abs(strength) desc
limit 15
