-- Activity of each day beside what its own past led to expect.

create view marts.activity_daily as
with scores as (
    select
        tracker,
        city,
        day,
        value,
        baseline,
        expected_low,
        expected_high,
        z,
        average,
        is_peak,
        is_cold_start
    from trendlab.day_scores
    where measure = 'posts'
),

-- two branches in place of a full join: a filter on tracker, city or day reaches
-- the indexes of both tables
days as (
    select
        activity.tracker,
        activity.city,
        activity.day,
        activity.posts_count,
        activity.authors_count,
        activity.reposts_count,
        activity.likes_count,
        activity.comments_count,
        activity.like_coverage,
        activity.likes_per_post,
        activity.likes_per_post_trimmed,
        activity.comments_per_post,
        activity.comments_per_post_trimmed,
        activity.activity_raw,
        activity.activity,
        activity.scored_count,
        activity.negative_count,
        activity.positive_count,
        activity.negative_authors_count,
        activity.sentiment_index,
        activity.comment_scored_count,
        activity.comment_negative_count,
        activity.comment_positive_count,
        activity.is_provisional,
        activity.is_partial,
        scores.baseline,
        scores.expected_low,
        scores.expected_high,
        scores.z,
        scores.average,
        scores.is_peak,
        scores.is_cold_start,
        activity.run_id
    from trendlab.activity
    left join scores
        on scores.tracker = activity.tracker
        and scores.city = activity.city
        and scores.day = activity.day
    union all
    select
        quiet.tracker,
        quiet.city,
        quiet.day,
        quiet.value::bigint as posts_count,
        null as authors_count,
        null as reposts_count,
        null as likes_count,
        null as comments_count,
        null as like_coverage,
        null as likes_per_post,
        null as likes_per_post_trimmed,
        null as comments_per_post,
        null as comments_per_post_trimmed,
        quiet.value as activity_raw,
        quiet.value as activity,
        null as scored_count,
        null as negative_count,
        null as positive_count,
        null as negative_authors_count,
        null as sentiment_index,
        null as comment_scored_count,
        null as comment_negative_count,
        null as comment_positive_count,
        null as is_provisional,
        null as is_partial,
        quiet.baseline,
        quiet.expected_low,
        quiet.expected_high,
        quiet.z,
        quiet.average,
        quiet.is_peak,
        quiet.is_cold_start,
        quiet.run_id
    from trendlab.day_scores as quiet
    where quiet.measure = 'posts'
        and not exists (
            select
            from trendlab.activity
            where activity.tracker = quiet.tracker
                and activity.city = quiet.city
                and activity.day = quiet.day
        )
)

select
    days.tracker,
    days.city,
    days.day,
    -- a day in a time zone is whole once both UTC days that it lies on are
    case
        when days.is_partial then 'partial' else tracker_days.coverage_status
    end as coverage_status,
    days.posts_count,
    days.authors_count,
    days.reposts_count,
    days.likes_count,
    days.comments_count,
    days.like_coverage,
    days.likes_per_post,
    days.likes_per_post_trimmed,
    days.comments_per_post,
    days.comments_per_post_trimmed,
    days.activity_raw,
    days.activity,
    days.baseline,
    days.expected_low,
    days.expected_high,
    days.z,
    days.average,
    days.is_peak,
    days.is_cold_start,
    days.scored_count,
    days.negative_count,
    days.positive_count,
    days.negative_authors_count,
    days.negative_count::double precision
    / nullif(days.scored_count, 0) as negative_share,
    days.sentiment_index,
    days.scored_count::double precision
    / nullif(days.posts_count, 0) as language_coverage,
    days.comment_scored_count,
    days.comment_negative_count,
    days.comment_positive_count,
    days.is_provisional,
    days.is_partial,
    days.run_id
from days
left join marts.tracker_days
    on tracker_days.tracker = days.tracker
    and tracker_days.day = days.day;

comment on view marts.activity_daily is
    'Posts, likes, sentiment of each day and how unusual the number of posts is. '
    'Excluded posts are left out. The city ''all'' holds every city, ''unknown'' '
    'included. One row per tracker, city and day that has posts or was scored.';
comment on column marts.activity_daily.day is 'day in the tracker''s time zone';
comment on column marts.activity_daily.posts_count is
    'posts; 0 on a covered day without posts, NULL on a day that was not ingested';
comment on column marts.activity_daily.baseline is
    'posts expected from the trailing days; NULL where there are too few';
comment on column marts.activity_daily.expected_low is
    'posts: lower end of the 90 % interval';
comment on column marts.activity_daily.expected_high is
    'posts: upper end of the 90 % interval';
comment on column marts.activity_daily.z is
    'robust z of the number of posts, on the log1p scale';
comment on column marts.activity_daily.average is
    'posts below the 90 % interval, within it (average), or above it';
comment on column marts.activity_daily.is_peak is
    'true where the number of posts is a peak';
comment on column marts.activity_daily.negative_share is
    'negative_count / scored_count, 0 to 1; NULL where nothing was scored';
comment on column marts.activity_daily.language_coverage is
    'share of posts scored for sentiment (English only), 0 to 1';
comment on column marts.activity_daily.run_id is
    'the computation that wrote the row''s activity (or scores, on a quiet day)';
