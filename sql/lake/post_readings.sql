-- The likes and comments of posts as they were nearest to 24 hours after the post: one row
-- per post that was read again in time. Activity and author-days both count these, so
-- that a day and its authors have the same likes.
--
-- Relation: engagement, days of observation up to two after the produced days; empty
-- where readings are not kept. Parameter: reading_days (a reading counts up to so many
-- UTC days after its post). Of a range more is at hand than of a day alone, and must not
-- count.

with readings as (
    select
        source,
        post_id,
        observed_at,
        likes_count,
        comments_count,
        -- nearest to 24 hours first; of two readings equally near, the later one
        (abs(epoch(observed_at - created_at) - 86400), -epoch(observed_at)) as distance
    from engagement
    where day <= (timezone('UTC', created_at))::date + $reading_days
)

select
    source,
    post_id,
    arg_min(likes_count, distance) filter (where likes_count is not null)
        as likes_count,
    arg_min(observed_at, distance) filter (where likes_count is not null)
        as likes_observed_at,
    arg_min(comments_count, distance) filter (where comments_count is not null)
        as comments_count
from readings
group by source, post_id
