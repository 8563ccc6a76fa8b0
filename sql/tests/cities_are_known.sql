-- Every city of the activity is a monitored city, 'unknown' or 'all'.

select distinct activity.city
from trendlab.activity
where activity.city not in ('all', 'unknown')
    and not exists (
        select
        from trendlab.cities
        where cities.city = activity.city
    )
