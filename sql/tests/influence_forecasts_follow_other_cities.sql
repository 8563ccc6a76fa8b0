-- A forecast with leaders uses some, and none of them is the city itself.

select
    tracker,
    week_start_on,
    kind,
    value,
    target_city
from marts.influence_forecasts
where cardinality(source_cities) = 0
    or target_city = any(source_cities)
