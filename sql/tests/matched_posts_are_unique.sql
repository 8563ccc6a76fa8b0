-- A post counts once for a tracker, on one day: also one that is stored for several
-- trackers, as tweets__coats and tweets__boots.

select
    tracker,
    split_part(source, '__', 1) as network,
    post_id,
    count(*) as rows_count
from trendlab.tracker_posts
group by
    tracker,
    split_part(source, '__', 1),
    post_id,
    (created_at at time zone 'UTC')::date
having count(*) > 1

union all

select
    tracker,
    source,
    post_id,
    count(*) as rows_count
from trendlab.tracker_posts
group by tracker, source, post_id
having count(*) > 1
