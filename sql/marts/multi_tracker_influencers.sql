-- Authors who carry several trackers at once.

create view marts.multi_tracker_influencers as
with newest as (
    select max(day) as day
    from trendlab.influencers
),

ranked as (
    select
        influencers.*,
        influencers.posts_count::double precision / sum(influencers.posts_count) over (
            partition by influencers.day, influencers.source, influencers.author_id
        ) as posts_share
    from trendlab.influencers
    where influencers.is_multi_tracker
        and influencers.window_kind = 'all'
        and influencers.tracker <> 'all'
        and influencers.posts_count > 0
)

select
    ranked.day as week_start_on,
    ranked.day = newest.day as is_newest,
    ranked.source,
    ranked.author_id,
    max(ranked.author_handle) as author_handle,
    max(ranked.author_kind) as author_kind,
    max(ranked.home_city) as home_city,
    max(ranked.trackers_count) as trackers_count,
    string_agg(ranked.tracker, ', ' order by ranked.tracker) as trackers,
    -- no less than 0: the sign of a single tracker's -0
    abs(sum(
        ranked.posts_share * log(2::numeric, ranked.posts_share::numeric)
    ))::double precision as tracker_entropy,
    max(ranked.posts_count) as posts_in_main_tracker_count,
    min(ranked.rank) as best_rank,
    max(ranked.score) as best_score,
    max(ranked.followers_count) as followers_count,
    max(ranked.tier) as tier,
    string_agg(distinct nullif(ranked.flags, ''), ',') as flags
from ranked
cross join newest
group by ranked.day, newest.day, ranked.source, ranked.author_id;

comment on view marts.multi_tracker_influencers is
    'Authors with at least 2 posts in each of at least 2 trackers within the 28 days '
    'that end with a week. One row per week, source and author.';
comment on column marts.multi_tracker_influencers.week_start_on is 'Monday of the week';
comment on column marts.multi_tracker_influencers.is_newest is
    'true in the newest week of all';
comment on column marts.multi_tracker_influencers.trackers is
    'trackers among whose best 50 the author is, comma-separated; trackers_count counts '
    'all';
comment on column marts.multi_tracker_influencers.tracker_entropy is
    'entropy of the author''s posts over those trackers, bits; 0 is one tracker only';
comment on column marts.multi_tracker_influencers.posts_in_main_tracker_count is
    'posts in the tracker with the most of them';
comment on column marts.multi_tracker_influencers.best_rank is
    'best rank within one of those trackers';
comment on column marts.multi_tracker_influencers.best_score is
    'best score within one of those trackers';
comment on column marts.multi_tracker_influencers.flags is
    'authenticity flags, comma-separated, NULL for none';
