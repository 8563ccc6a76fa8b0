-- The posts of the cities of a day, 'unknown' included, are the posts of 'all'.

select
    tracker,
    day,
    sum(posts_count) filter (where city = 'all') as all_count,
    sum(posts_count) filter (where city <> 'all') as cities_count
from trendlab.activity
group by tracker, day
having coalesce(sum(posts_count) filter (where city = 'all'), 0)
    <> coalesce(sum(posts_count) filter (where city <> 'all'), 0)
