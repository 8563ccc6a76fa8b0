-- Of the looks of a city and week, as many have a value as its share says, and the
-- share lies within its interval.

select
    day,
    tracker,
    city,
    kind,
    value,
    looks_with_count,
    looks_count,
    share,
    share_low,
    share_high
from trendlab.city_weeks
where looks_with_count > looks_count
    or abs(share * looks_count - looks_with_count) > 0.001
    or share < share_low - 1e-9
    or share > share_high + 1e-9
