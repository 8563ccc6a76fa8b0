-- How many posts did the last two weeks bring, and was that usual?
select
    tracker,
    day,
    posts_count,
    expected_low,
    expected_high,
    average,
    negative_share
from marts.activity_daily
where
    city = 'all'
    and day > (select max(day) - 14 from marts.activity_daily)
order by tracker, day desc
