-- All values of a kind in a city and week are shares of the same looks.

select
    day,
    tracker,
    city,
    kind,
    model_name,
    min(looks_count) as smallest_count,
    max(looks_count) as greatest_count
from trendlab.city_weeks
group by day, tracker, city, kind, model_name
having min(looks_count) <> max(looks_count)
