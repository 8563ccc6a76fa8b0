-- A post counts once for a tracker, on one day.

select
    tracker,
    source,
    post_id,
    count(*) as rows_count
from trendlab.tracker_posts
group by tracker, source, post_id
having count(*) > 1
