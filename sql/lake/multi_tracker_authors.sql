-- Authors who carry several trackers at once: one row per source and author, of all
-- authors and not only of those whose rank in a tracker is kept.
--
-- Relation: author_days of the 28 days. Parameters: min_posts and min_trackers (who
-- carries a tracker, and several), min_authors (fewer compared authors tell no lift),
-- keep (rows kept).

with counted as (
    select
        tracker,
        source,
        author_id,
        max({'day': day, 'handle': author_handle})
        filter (where author_handle is not null) as newest,
        sum(posts_count)::bigint as posts_count
    from author_days
    group by tracker, source, author_id
    having sum(posts_count) >= $min_posts
),

carried as (
    select * from counted
    where tracker <> 'all'
),

-- a post of two trackers counts in both, hence shares of their sum
shares as (
    select
        *,
        posts_count / sum(posts_count) over (
            partition by source, author_id
        )::double as posts_share
    from carried
),

several as (
    select
        source,
        author_id,
        count(*) as trackers_count,
        string_agg(tracker, ', ' order by tracker) as trackers,
        -- decimals, because threads add doubles in any order
        -sum((posts_share * log2(posts_share))::decimal(18, 9)) as tracker_entropy,
        max(posts_count) as posts_in_main_tracker_count,
        max(newest)['handle'] as author_handle
    from shares
    group by source, author_id
    having count(*) >= $min_trackers
),

kept as (
    select
        several.*,
        counted.posts_count
    from several
    inner join counted
        on
            counted.tracker = 'all'
            and counted.source = several.source
            and counted.author_id = several.author_id
    order by
        several.trackers_count desc,
        counted.posts_count desc,
        several.source asc,
        several.author_id asc
    limit $keep
),

-- how many carry a tracker, and how many authors there are at all
crowd as (
    select tracker, count(*) as authors_count
    from counted
    group by tracker
),

carriers as (
    select carried.source, carried.author_id, carried.tracker
    from carried
    semi join several
        on several.source = carried.source and several.author_id = carried.author_id
),

pairs as (
    select
        one.tracker as one_tracker,
        other.tracker as other_tracker,
        count(*) as both_count
    from carriers as one
    inner join carriers as other
        on
            other.source = one.source
            and other.author_id = one.author_id
            and other.tracker > one.tracker
    group by one.tracker, other.tracker
),

lifts as (
    select
        pairs.one_tracker,
        pairs.other_tracker,
        ln(
            pairs.both_count::double * everyone.authors_count
            / (one.authors_count::double * other.authors_count)
        ) as log_lift
    from pairs
    inner join crowd as one on one.tracker = pairs.one_tracker
    inner join crowd as other on other.tracker = pairs.other_tracker
    inner join crowd as everyone on everyone.tracker = 'all'
    where everyone.authors_count >= $min_authors
),

author_lifts as (
    select
        kept.source,
        kept.author_id,
        exp(
            sum(lifts.log_lift::decimal(18, 9))::double / count(*)
        ) as tracker_lift
    from kept
    inner join carriers as one
        on one.source = kept.source and one.author_id = kept.author_id
    inner join carriers as other
        on
            other.source = kept.source
            and other.author_id = kept.author_id
            and other.tracker > one.tracker
    inner join lifts
        on
            lifts.one_tracker = one.tracker
            and lifts.other_tracker = other.tracker
    group by kept.source, kept.author_id
)

select
    kept.source,
    kept.author_id,
    kept.author_handle,
    kept.posts_count,
    kept.trackers_count,
    kept.trackers,
    -- no less than 0: the sign of a single tracker's -0
    abs(kept.tracker_entropy)::double as tracker_entropy,
    author_lifts.tracker_lift,
    kept.posts_in_main_tracker_count
from kept
left join author_lifts
    on author_lifts.source = kept.source and author_lifts.author_id = kept.author_id
order by kept.source, kept.author_id
