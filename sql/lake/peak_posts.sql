-- Posts of the days of a running peak before the one that is computed, as many as are
-- shown or read: one row per event day, tracker, city and start of a peak, and post.
--
-- Relations: event_days(day, tracker, city, start_on), tracker_posts from the starts to
-- the day before, posts and sentiment from one UTC day before those to one after.
-- Parameters: shown_posts (of each peak the most liked), read_posts (of each peak of a
-- city, whose words are not counted by day, those that come first in the order of
-- hash_order, which is that of explained_posts.sql; so is the source).

with inside as (
    select
        event_days.day,
        event_days.tracker,
        event_days.city,
        event_days.start_on,
        tp.day as posted_on,
        tp.source,
        tp.post_id,
        posts.likes_count,
        case
            when event_days.city <> 'all'
                then md5_number_lower(concat_ws(' ', tp.source, tp.post_id))
        end as hash_order
    from tracker_posts as tp
    inner join event_days
        on event_days.tracker = tp.tracker
        and tp.day between event_days.start_on and event_days.day - 1
        and event_days.city in ('all', tp.city)
    inner join posts
        on posts.source = tp.source and posts.post_id = tp.post_id
    where not tp.is_excluded
),

ranked as (
    select
        *,
        row_number() over (
            partition by day, tracker, city, start_on
            order by
                coalesce(likes_count, 0) desc, split_part(source, '__', 1), post_id
        ) as likes_rank,
        row_number() over (
            partition by day, tracker, city, start_on
            order by hash_order, source, post_id
        ) as read_rank
    from inside
),

kept as (
    select *
    from ranked
    where likes_rank <= $shown_posts
        or (city <> 'all' and read_rank <= $read_posts)
),

post_scores as (
    select source, item_id as post_id, compound
    from sentiment
    where item_kind = 'post'
)

select
    kept.day,
    kept.tracker,
    kept.city,
    kept.start_on,
    kept.posted_on,
    kept.likes_rank <= $shown_posts as is_shown,
    kept.city <> 'all' and kept.read_rank <= $read_posts as is_read,
    split_part(kept.source, '__', 1) as source,
    kept.post_id as item_id,
    posts.author_id,
    posts.caption as text,
    posts.hashtags,
    posts.url,
    kept.likes_count,
    post_scores.compound,
    kept.hash_order
from kept
inner join posts
    on posts.source = kept.source and posts.post_id = kept.post_id
left join post_scores
    on post_scores.source = kept.source and post_scores.post_id = kept.post_id
