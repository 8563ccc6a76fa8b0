-- Activity of a tracker's day counts its matched posts, without those excluded. Of days
-- whose posts were erased after their period, the counts stay.

with counted as (
    select
        tracker,
        day,
        count(*) filter (where not is_excluded) as posts_count
    from trendlab.tracker_posts
    group by tracker, day
)

select
    coalesce(counted.tracker, activity.tracker) as tracker,
    coalesce(counted.day, activity.day) as day,
    counted.posts_count as matched_count,
    activity.posts_count as activity_count
from counted
full join (
    select
        tracker,
        day,
        posts_count
    from trendlab.activity
    where city = 'all'
) as activity
    on activity.tracker = counted.tracker and activity.day = counted.day
where coalesce(counted.posts_count, 0) <> coalesce(activity.posts_count, 0)
    and not exists (
        select
        from trendlab.expirations
        where
            expirations.table_name = 'tracker_posts'
            and coalesce(counted.day, activity.day) < expirations.before_day
    )
