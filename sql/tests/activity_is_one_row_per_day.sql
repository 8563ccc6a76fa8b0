-- marts.activity_daily has one row per tracker, city and day.

select
    tracker,
    city,
    day,
    count(*) as rows_count
from marts.activity_daily
group by tracker, city, day
having count(*) > 1
