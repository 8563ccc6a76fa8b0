-- Activity of a day: one row per tracker, city and day that has posts, and one per
-- tracker and day with city 'all'. Excluded posts are left out.
--
-- Relations (a range of days in one query):
--   run_ids(day, run_id)            the days to produce
--   tracker_posts                   the produced days, and the 28 days before them so
--                                   that a comment finds its post
--   posts                           UTC days from one before to one after the produced
--   comments                        likewise
--   sentiment                       likewise
--   post_readings                   of post_readings.sql: what a reading says of posts
--   partial_days(day, tracker)      the produced days that were ingested in part; '*' is
--                                   every tracker but 'all'
--   tracker_zones(tracker, time_zone)  trackers whose day is not the UTC day
--
-- Parameter: comment_days (a comment counts up to so many days after its post). Of a
-- range more is at hand than of a day alone, and must not count.
--
-- * Likes, and counts of comments, compare readings of equal age: of a post's readings
--   the one nearest to 24 hours counts, and what posts holds where there is none.
--   Unknown likes are missing, not zero; so are comments.
-- * Authors and comments are a network's: sources that were collected for several
--   trackers (tweets__coats, tweets__boots) hold the same ones, which count once. Of
--   copies of a comment on a UTC day, as of a post, the first source by name tells.
-- * A comment belongs to its post's trackers and city, and to its own day (in the
--   tracker's time zone), not the post's.
-- * Capped counts: an author with more than 3 scored posts weighs 3, split between
--   negative and other as the posts are; unknown authors cannot be capped. Comments
--   likewise, apart from posts.

with produced as (
    select day, run_id from run_ids
),

-- what each post adds, once per tracker that it matched
matched as (
    select
        tp.tracker,
        tp.day,
        tp.source,
        tp.post_id,
        tp.author_id,
        tp.city
    from tracker_posts as tp
    semi join produced on produced.day = tp.day
    where not tp.is_excluded
),

post_scores as (
    select source, item_id as post_id, label
    from sentiment
    where item_kind = 'post' and is_scored
),

-- one row per post, before posts multiply by the trackers that they match
post_facts as (
    select
        p.source,
        p.post_id,
        p.is_repost,
        coalesce(a.comments_count, p.comments_count) as comments_count,
        coalesce(a.likes_count, p.likes_count) as likes_count,
        coalesce(a.likes_observed_at, p.observed_at) < p.created_at + interval 24 hour
            as is_young,
        s.post_id is not null as is_scored,
        s.label = 'negative' as is_negative,
        s.label = 'positive' as is_positive
    from posts as p
    left join post_readings as a
        on a.source = p.source and a.post_id = p.post_id
    left join post_scores as s
        on s.source = p.source and s.post_id = p.post_id
),

items as (
    select
        m.tracker,
        m.day,
        m.city,
        split_part(m.source, '__', 1) as network,
        m.author_id,
        p.is_repost,
        p.comments_count,
        p.likes_count,
        p.is_young,
        p.is_scored,
        p.is_negative,
        p.is_positive
    from matched as m
    inner join post_facts as p
        on p.source = m.source and p.post_id = m.post_id
),

-- one row per author and city: caps need the author's whole day
by_author_city as (
    select
        tracker,
        day,
        city,
        network,
        author_id,
        count(*) as posts_count,
        count(*) filter (where is_repost) as reposts_count,
        count(likes_count) as likes_known_count,
        count(likes_count) filter (where is_young) as likes_young_count,
        sum(likes_count)::bigint as likes_count,
        -- decimals: a sum of doubles depends on the order in which threads add
        coalesce(sum(ln(1 + likes_count)::decimal(18, 9)), 0) as log_likes,
        sum(comments_count)::bigint as comments_count,
        count(*) filter (where is_scored) as scored_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_positive) as positive_count
    from items
    group by tracker, day, city, network, author_id
),

by_author as (
    select * exclude (network) from by_author_city
    union all by name
    select
        tracker,
        day,
        'all' as city,
        author_id,
        sum(posts_count)::bigint as posts_count,
        sum(reposts_count)::bigint as reposts_count,
        sum(likes_known_count)::bigint as likes_known_count,
        sum(likes_young_count)::bigint as likes_young_count,
        sum(likes_count)::bigint as likes_count,
        sum(log_likes) as log_likes,
        sum(comments_count)::bigint as comments_count,
        sum(scored_count)::bigint as scored_count,
        sum(negative_count)::bigint as negative_count,
        sum(positive_count)::bigint as positive_count
    from by_author_city
    group by tracker, day, network, author_id
),

summed as (
    select
        tracker,
        day,
        city,
        sum(posts_count)::bigint as posts_count,
        nullif(count(author_id), 0) as authors_count,
        sum(reposts_count)::bigint as reposts_count,
        sum(likes_count)::bigint as likes_count,
        sum(comments_count)::bigint as comments_count,
        sum(likes_known_count)::bigint as likes_known_count,
        sum(likes_young_count)::bigint as likes_young_count,
        coalesce(sum(log_likes), 0) as log_likes,
        sum(scored_count)::bigint as scored_count,
        sum(negative_count)::bigint as negative_count,
        sum(positive_count)::bigint as positive_count,
        round(sum(
            case
                when author_id is null or scored_count <= 3 then negative_count
                else 3.0 * negative_count / scored_count
            end
        ))::bigint as negative_capped_count,
        sum(
            case when author_id is null then scored_count else least(scored_count, 3) end
        )::bigint as scored_capped_count,
        count(author_id) filter (where negative_count > 0) as known_negative_authors,
        coalesce(sum(negative_count) filter (where author_id is null), 0)
            as unknown_negatives
    from by_author
    group by tracker, day, city
),

-- quantile measures need the posts themselves; NULL where no count is known
post_lists as (
    select
        tracker,
        day,
        case when grouping(city) = 1 then 'all' else city end as city,
        list_sort(list(likes_count) filter (where likes_count is not null)) as likes,
        count(likes_count) as liked,
        list_sort(list(comments_count) filter (where comments_count is not null))
            as comments,
        count(comments_count) as commented
    from items
    group by grouping sets ((tracker, day, city), (tracker, day))
),

post_measures as (
    select
        tracker,
        day,
        city,
        -- the middle one, or the mean of the two in the middle
        (likes[(liked + 1) // 2] + likes[liked // 2 + 1]) / 2 as likes_per_post,
        -- drops a tenth of the posts, rounded down, at either end
        list_avg(likes[1 + liked // 10 : liked - liked // 10])
            as likes_per_post_trimmed,
        (comments[(commented + 1) // 2] + comments[commented // 2 + 1]) / 2
            as comments_per_post,
        list_avg(comments[1 + commented // 10 : commented - commented // 10])
            as comments_per_post_trimmed
    from post_lists
),

told_comments as (
    select source, comment_id, post_id, day, created_at, author_id
    from comments
    qualify row_number() over (
        partition by split_part(source, '__', 1), comment_id, day
        order by source
    ) = 1
),

-- materialized: left to itself the planner may first pair every comment of a source
-- with every matched post of it, and only then ask for the comment's own post
comment_scores as materialized (
    select
        split_part(c.source, '__', 1) as network,
        c.post_id,
        c.day,
        c.created_at,
        c.author_id,
        s.is_scored,
        s.is_scored and s.label = 'negative' as is_negative,
        s.is_scored and s.label = 'positive' as is_positive
    from told_comments as c
    inner join sentiment as s
        on s.source = c.source and s.item_id = c.comment_id
    where s.item_kind = 'comment'
),

comment_items as (
    select
        tp.tracker,
        tp.city,
        tp.day as posted_on,
        case
            when z.time_zone is null then c.day
            else (timezone(z.time_zone, c.created_at))::date
        end as day,
        c.network,
        c.author_id,
        c.is_scored,
        c.is_negative,
        c.is_positive
    from comment_scores as c
    inner join tracker_posts as tp
        on split_part(tp.source, '__', 1) = c.network and tp.post_id = c.post_id
    left join tracker_zones as z on z.tracker = tp.tracker
    where not tp.is_excluded
),

comments_by_author as (
    select
        tracker,
        day,
        case when grouping(city) = 1 then 'all' else city end as city,
        author_id,
        count(*) as read_count,
        count(*) filter (where is_scored) as scored_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_positive) as positive_count
    from comment_items
    semi join produced on produced.day = comment_items.day
    where posted_on between comment_items.day - $comment_days and comment_items.day
    group by grouping sets (
        (tracker, day, city, network, author_id),
        (tracker, day, network, author_id)
    )
),

comment_sums as (
    select
        tracker,
        day,
        city,
        sum(read_count)::bigint as comment_read_count,
        sum(scored_count)::bigint as comment_scored_count,
        sum(negative_count)::bigint as comment_negative_count,
        sum(positive_count)::bigint as comment_positive_count,
        round(sum(
            case
                when author_id is null or scored_count <= 3 then negative_count
                else 3.0 * negative_count / scored_count
            end
        ))::bigint as comment_negative_capped_count,
        sum(
            case when author_id is null then scored_count else least(scored_count, 3) end
        )::bigint as comment_scored_capped_count,
        count(author_id) filter (where negative_count > 0) as known_negative_authors,
        coalesce(sum(negative_count) filter (where author_id is null), 0)
            as unknown_negatives
    from comments_by_author
    group by tracker, day, city
)

-- days with scored comments and no posts keep these: full join
select
    coalesce(a.day, c.day) as day,
    coalesce(a.tracker, c.tracker) as tracker,
    coalesce(a.city, c.city) as city,
    coalesce(a.posts_count, 0) as posts_count,
    a.authors_count,
    coalesce(a.reposts_count, 0) as reposts_count,
    a.likes_count,
    a.comments_count,
    coalesce(a.likes_known_count / a.posts_count, 0.0) as like_coverage,
    p.likes_per_post,
    p.likes_per_post_trimmed,
    p.comments_per_post,
    p.comments_per_post_trimmed,
    coalesce(a.posts_count + coalesce(a.likes_count, 0), 0)::double as activity_raw,
    coalesce(a.posts_count + a.log_likes, 0)::double as activity,
    coalesce(a.scored_count, 0) as scored_count,
    coalesce(a.negative_count, 0) as negative_count,
    coalesce(a.positive_count, 0) as positive_count,
    coalesce(a.negative_capped_count, 0) as negative_capped_count,
    coalesce(a.scored_capped_count, 0) as scored_capped_count,
    -- NULL where most negatives have no known author
    case
        when a.negative_count is null then 0
        when 2 * a.unknown_negatives > a.negative_count then null
        else a.known_negative_authors
    end as negative_authors_count,
    case
        when a.scored_count > 0
            then (a.positive_count - a.negative_count) / a.scored_count
    end as sentiment_index,
    coalesce(c.comment_read_count, 0) as comment_read_count,
    coalesce(c.comment_scored_count, 0) as comment_scored_count,
    coalesce(c.comment_negative_count, 0) as comment_negative_count,
    coalesce(c.comment_positive_count, 0) as comment_positive_count,
    coalesce(c.comment_negative_capped_count, 0) as comment_negative_capped_count,
    coalesce(c.comment_scored_capped_count, 0) as comment_scored_capped_count,
    case
        when c.comment_negative_count is null then 0
        when 2 * c.unknown_negatives > c.comment_negative_count then null
        else c.known_negative_authors
    end as comment_negative_authors_count,
    -- a median bears a tenth of young readings
    coalesce(10 * a.likes_young_count > a.likes_known_count, false) as is_provisional,
    own_partial.day is not null or shared_partial.day is not null as is_partial,
    produced.run_id
from summed as a
full join comment_sums as c
    on c.tracker = a.tracker and c.day = a.day and c.city = a.city
inner join produced on produced.day = coalesce(a.day, c.day)
left join post_measures as p
    on p.tracker = a.tracker and p.day = a.day and p.city = a.city
left join partial_days as own_partial
    on own_partial.day = coalesce(a.day, c.day)
    and own_partial.tracker = coalesce(a.tracker, c.tracker)
left join partial_days as shared_partial
    on shared_partial.day = coalesce(a.day, c.day)
    and shared_partial.tracker = '*'
    and coalesce(a.tracker, c.tracker) <> 'all'
where a.tracker is not null or c.comment_scored_count > 0
order by tracker, city, day
