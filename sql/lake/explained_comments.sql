-- The comments on posts of trackers on the days of their events: one row per event
-- day, tracker and comment. The source is the network: a comment that files of several
-- trackers hold is one.
--
-- Relations: event_days(day, tracker), tracker_posts of those days and of so many
-- before as a comment may be late, comments and sentiment from one UTC day before to one
-- after, tracker_zones(tracker, time_zone): a comment's day is its own in the tracker's
-- zone, as in activity.sql. Parameter: reach_days (tracker_posts before a day that
-- count). hash_order as in explained_posts.sql.

with of_events as (
    select distinct day, tracker from event_days
),

matched as (
    select
        of_events.day,
        tp.tracker,
        tp.city,
        split_part(tp.source, '__', 1) as source,
        tp.post_id,
        tracker_zones.time_zone
    from tracker_posts as tp
    inner join of_events
        on of_events.tracker = tp.tracker
        and tp.day between of_events.day - $reach_days and of_events.day
    left join tracker_zones on tracker_zones.tracker = tp.tracker
    where not tp.is_excluded
),

comment_scores as (
    select source, item_id as comment_id, compound, label
    from sentiment
    where item_kind = 'comment'
)

select
    matched.day,
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
    md5_number_lower(concat_ws(' ', comments.source, comments.comment_id))
        as hash_order
from matched
inner join comments
    on split_part(comments.source, '__', 1) = matched.source
    and comments.post_id = matched.post_id
    and matched.day = case
        when matched.time_zone is null then comments.day
        else (timezone(matched.time_zone, comments.created_at))::date
    end
left join comment_scores
    on comment_scores.source = comments.source
    and comment_scores.comment_id = comments.comment_id
qualify row_number() over (
    partition by matched.day, matched.tracker, matched.source, comments.comment_id
    order by comments.source
) = 1
