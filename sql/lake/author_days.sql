-- What an author did in a day: one row per tracker, day and known author. Excluded
-- posts are left out; posts without an author are left out too. An author's id is the
-- network's: who wrote in the files of several trackers (tweets__coats, tweets__boots)
-- is one author, of the source tweets.
--
-- Relations (a range of days in one query): run_ids(day, run_id), tracker_posts of
-- the produced days, posts and sentiment from one UTC day before to one after, and
-- post_readings of post_readings.sql, as in activity.sql: likes and comments are those
-- of the reading that counts there.

with produced as (
    select day, run_id from run_ids
),

post_scores as (
    select source, item_id as post_id, label
    from sentiment
    where item_kind = 'post' and is_scored
),

items as (
    select
        tp.tracker,
        tp.day,
        split_part(tp.source, '__', 1) as source,
        tp.author_id,
        tp.city,
        tp.post_id,
        p.author_handle,
        p.created_at,
        coalesce(a.likes_count, p.likes_count) as likes_count,
        coalesce(a.comments_count, p.comments_count) as comments_count,
        s.post_id is not null as is_scored,
        s.label = 'negative' as is_negative,
        produced.run_id
    from tracker_posts as tp
    inner join produced on produced.day = tp.day
    inner join posts as p
        on p.source = tp.source and p.post_id = tp.post_id
    left join post_readings as a
        on a.source = tp.source and a.post_id = tp.post_id
    left join post_scores as s
        on s.source = tp.source and s.post_id = tp.post_id
    where not tp.is_excluded and tp.author_id is not null
),

-- posts per author and city, so that the main city is a count and not a guess
by_city as (
    select
        tracker,
        day,
        source,
        author_id,
        city,
        any_value(run_id) as run_id,
        max({
            'at': created_at, 'post_id': post_id, 'handle': author_handle
        }) filter (where author_handle is not null) as newest,
        count(*) as posts_count,
        count(likes_count) as likes_known_count,
        sum(likes_count) as likes_count,
        sum(comments_count) as comments_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_scored) as scored_count
    from items
    group by tracker, day, source, author_id, city
)

select
    day,
    tracker,
    source,
    author_id,
    max(newest)['handle'] as author_handle,
    -- most posts; of equals a known city, then the alphabet
    max_by(city, {
        'posts': posts_count, 'is_known': city <> 'unknown', 'city': city
    }) as city,
    sum(posts_count)::bigint as posts_count,
    sum(likes_known_count)::bigint as likes_known_count,
    sum(likes_count)::bigint as likes_count,
    sum(comments_count)::bigint as comments_count,
    sum(negative_count)::bigint as negative_count,
    sum(scored_count)::bigint as scored_count,
    any_value(run_id) as run_id
from by_city
group by tracker, day, source, author_id
order by tracker, source, author_id, day
