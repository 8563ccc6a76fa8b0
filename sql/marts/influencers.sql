-- Authors ranked by week and window.

create view marts.influencers as
with newest as (
    select
        tracker,
        max(day) as day
    from trendlab.influencers
    group by tracker
)

select
    influencers.day as week_start_on,
    influencers.day = newest.day as is_newest,
    influencers.tracker,
    influencers.window_kind,
    influencers.rank,
    influencers.rank_low,
    influencers.rank_high,
    influencers.source,
    influencers.author_id,
    influencers.author_handle,
    influencers.author_kind,
    influencers.home_city,
    influencers.score,
    influencers.posts_count,
    influencers.followers_count,
    influencers.tier,
    influencers.likes_per_post,
    influencers.engagement_shrunk,
    influencers.h_index,
    influencers.pagerank,
    influencers.contribution_share,
    influencers.negative_excess,
    influencers.trackers_count,
    influencers.is_multi_tracker,
    influencers.flags,
    influencers.copied_comments_share,
    influencers.window_from,
    influencers.window_to,
    influencers.window_days,
    influencers.rule_version,
    influencers.run_id
from trendlab.influencers
inner join newest on newest.tracker = influencers.tracker;

comment on view marts.influencers is
    'Authors ranked within the 28 days that end with a week. One row per week, tracker, '
    'window, source and author.';
comment on column marts.influencers.week_start_on is 'Monday of the week';
comment on column marts.influencers.is_newest is
    'true in the newest week of the tracker';
