-- The comments on posts of trackers on the days of their events: one row per event
-- day, tracker and comment. The source is the network: a comment that files of several
-- trackers hold is one, told by the same copy as in activity.sql.
--
-- Relations: event_days(day, tracker, city, pooled_from), tracker_posts of those days,
-- the pooled ones, and of so many before as a comment may be late, comments and sentiment
-- from one UTC day before to one after, tracker_zones(tracker, time_zone): a comment's
-- day is its own in the tracker's zone, as in activity.sql. Parameter: reach_days
-- (tracker_posts before a comment's day that count). Of pooled days negatives, and
-- hash_order, as in explained_posts.sql.

with asked as (
    -- all comments of an event's day, and negatives of the days pooled with it
    select distinct day, tracker, 'all' as city, day as said_on, false as is_pooled
    from event_days

    union all

    select distinct
        day,
        tracker,
        city,
        unnest(generate_series(pooled_from, day - 1, interval 1 day))::date as said_on,
        true as is_pooled
    from event_days
    where pooled_from < day
),

matched as (
    select
        asked.day,
        asked.said_on,
        asked.is_pooled,
        tp.tracker,
        tp.city,
        split_part(tp.source, '__', 1) as source,
        tp.post_id,
        tracker_zones.time_zone
    from tracker_posts as tp
    inner join asked
        on asked.tracker = tp.tracker
        and asked.city in ('all', tp.city)
        and tp.day between asked.said_on - $reach_days and asked.said_on
    left join tracker_zones on tracker_zones.tracker = tp.tracker
    where not tp.is_excluded
),

comment_scores as (
    select source, item_id as comment_id, compound, label
    from sentiment
    where item_kind = 'comment'
),

told as (
    select
        matched.day,
        matched.said_on as posted_on,
        matched.tracker,
        matched.city,
        matched.source,
        comments.comment_id as item_id,
        comments.author_id,
        comments.author_handle,
        comments.text,
        null::varchar [] as hashtags,
        null::varchar as url,
        comments.likes_count,
        comment_scores.compound,
        comment_scores.label,
        null::varchar [] as garments,
        matched.is_pooled,
        md5_number_lower(concat_ws(' ', comments.source, comments.comment_id))
            as hash_order
    from matched
    inner join comments
        on split_part(comments.source, '__', 1) = matched.source
        and comments.post_id = matched.post_id
        and matched.said_on = case
            when matched.time_zone is null then comments.day
            else (timezone(matched.time_zone, comments.created_at))::date
        end
    left join comment_scores
        on comment_scores.source = comments.source
        and comment_scores.comment_id = comments.comment_id
    qualify row_number() over (
        partition by
            matched.day, matched.tracker, matched.source, comments.comment_id,
            comments.day
        order by comments.source
    ) = 1
)

select * exclude (is_pooled)
from told
where not is_pooled or label = 'negative'
