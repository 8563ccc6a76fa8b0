-- Authors of the negative comments of pooled days: one row per cell asked for, as in
-- pooled_post_authors.sql.
--
-- Relations: cells(tracker, city, pooled_from, day), tracker_posts of those days and of
-- so many before as a comment may be late, comments and sentiment from one UTC day before
-- to one after, tracker_zones(tracker, time_zone). Parameter: comment_days (a comment
-- counts up to so many days after its post). A comment belongs to its post's trackers
-- and city and to its own day, and of its copies the first source by name tells, as in
-- activity.sql.

with asked as (
    select
        tracker,
        city,
        unnest(generate_series(pooled_from, day, interval 1 day))::date as said_on
    from cells
),

commented as (
    select distinct
        asked.tracker,
        asked.city,
        asked.said_on,
        split_part(tp.source, '__', 1) as network,
        tp.post_id,
        tracker_zones.time_zone
    from asked
    inner join tracker_posts as tp
        on tp.tracker = asked.tracker
        and tp.day between asked.said_on - $comment_days and asked.said_on
        and asked.city in ('all', tp.city)
    left join tracker_zones on tracker_zones.tracker = tp.tracker
    where not tp.is_excluded
),

-- materialized, as in activity.sql: a comment asks for its own post, not for all
told as materialized (
    select
        split_part(comments.source, '__', 1) as network,
        comments.source,
        comments.comment_id,
        comments.post_id,
        comments.day,
        comments.created_at,
        comments.author_id
    from comments
    semi join commented
        on commented.network = split_part(comments.source, '__', 1)
        and commented.post_id = comments.post_id
    qualify row_number() over (
        partition by split_part(comments.source, '__', 1), comment_id, comments.day
        order by comments.source
    ) = 1
),

negatives as materialized (
    select told.*
    from told
    semi join sentiment
        on sentiment.source = told.source
        and sentiment.item_id = told.comment_id
        and sentiment.item_kind = 'comment'
        and sentiment.is_scored
        and sentiment.label = 'negative'
    where told.author_id is not null
),

said as (
    select
        commented.tracker,
        commented.city,
        negatives.network,
        negatives.author_id
    from negatives
    inner join commented
        on commented.network = negatives.network
        and commented.post_id = negatives.post_id
        and commented.said_on = case
            when commented.time_zone is null then negatives.day
            else (timezone(commented.time_zone, negatives.created_at))::date
        end
)

select
    cells.tracker,
    cells.city,
    count(distinct (said.network, said.author_id)) filter (
        where said.author_id is not null
    ) as authors_count
from cells
left join said on said.tracker = cells.tracker and said.city = cells.city
group by cells.tracker, cells.city
