-- Authors who carry several trackers at once.

create view marts.multi_tracker_influencers as
with newest as (
    select max(day) as day
    from trendlab.influencers
),

-- what the ranks of trackers know of an author, where the author is among them
ranked as (
    select
        day,
        source,
        author_id,
        max(nullif(author_kind, 'unknown')) as author_kind,
        max(nullif(home_city, 'unknown')) as home_city,
        max(followers_count) as followers_count,
        max(nullif(tier, 'unknown')) as tier,
        min(rank) filter (where tracker <> 'all') as best_rank,
        max(score) filter (where tracker <> 'all') as best_score,
        string_agg(distinct nullif(flags, ''), ',') as flags
    from trendlab.influencers
    where window_kind = 'all'
    group by day, source, author_id
)

select
    carriers.day as week_start_on,
    carriers.day = newest.day as is_newest,
    carriers.source,
    carriers.author_id,
    carriers.author_handle,
    coalesce(ranked.author_kind, 'unknown') as author_kind,
    coalesce(ranked.home_city, 'unknown') as home_city,
    carriers.trackers_count,
    carriers.trackers,
    carriers.tracker_entropy,
    carriers.tracker_lift,
    carriers.posts_count,
    carriers.posts_in_main_tracker_count,
    ranked.best_rank,
    ranked.best_score,
    ranked.followers_count,
    coalesce(ranked.tier, 'unknown') as tier,
    ranked.flags
from trendlab.multi_tracker_authors as carriers
cross join newest
left join ranked
    on
        ranked.day = carriers.day
        and ranked.source = carriers.source
        and ranked.author_id = carriers.author_id;

comment on view marts.multi_tracker_influencers is
    'Authors with at least 2 posts in each of at least 2 trackers within the 28 days '
    'that end with a week, of all known authors; the 1,000 with most trackers and '
    'posts. One row per week, source and author.';
comment on column marts.multi_tracker_influencers.week_start_on is 'Monday of the week';
comment on column marts.multi_tracker_influencers.is_newest is
    'true in the newest week of all';
comment on column marts.multi_tracker_influencers.source is
    'network or archive, without a tracker that it is stored for';
comment on column marts.multi_tracker_influencers.author_kind is
    'person or brand; unknown too where no tracker has the author among its best 50';
comment on column marts.multi_tracker_influencers.home_city is
    'home, from marts.influencers; unknown too where no tracker has the author among '
    'its best 50';
comment on column marts.multi_tracker_influencers.posts_in_main_tracker_count is
    'posts in the tracker with the most of them';
comment on column marts.multi_tracker_influencers.best_rank is
    'best rank within one tracker, NULL where the author is among no tracker''s best '
    '50';
comment on column marts.multi_tracker_influencers.best_score is
    'best score within one tracker, NULL like best_rank';
comment on column marts.multi_tracker_influencers.followers_count is
    'newest reading, NULL like best_rank or where unknown';
comment on column marts.multi_tracker_influencers.tier is
    'follower tier; unknown too where no tracker has the author among its best 50';
comment on column marts.multi_tracker_influencers.flags is
    'authenticity flags, comma-separated, NULL for none or where not looked at';
