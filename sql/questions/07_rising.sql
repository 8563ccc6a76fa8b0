-- Which garments, colours and styles are rising fastest, for their size?
select
    city_name,
    kind,
    value,
    description,
    level,
    slope_per_year,
    slope_per_year / mean_share as relative_slope
from marts.city_trends
where
    tracker = 'all'
    and direction = 'rising'
    and mean_share > 0
order by relative_slope desc
limit 15
