-- What was ingested when, gaps included.

create view marts.coverage_days as
with spans as (
    select
        tracker,
        source,
        min(day) as first_on,
        max(day) as last_on
    from trendlab.coverage
    group by tracker, source
),

ends as (
    select
        tracker,
        max(last_on) as last_on
    from spans
    group by tracker
),

-- a source that fell silent is missing up to its tracker's last day; files that
-- belong to no one tracker end where they end
days as (
    select
        spans.tracker,
        spans.source,
        spans.first_on + step.days as day
    from spans
    inner join ends on ends.tracker = spans.tracker
    cross join lateral generate_series(
        0,
        case when spans.tracker = 'all' then spans.last_on else ends.last_on end
        - spans.first_on
    ) as step (days)
)

select
    days.tracker,
    days.source,
    days.day,
    coalesce(coverage.status, 'missing') as status,
    coverage.reason,
    coverage.posts_count,
    coverage.is_low_volume,
    coverage.tracker_version,
    coverage.observed_at
from days
left join trendlab.coverage
    on coverage.tracker = days.tracker
    and coverage.source = days.source
    and coverage.day = days.day;

comment on view marts.coverage_days is
    'Which days were ingested, from the first day of each source to the last of its '
    'tracker. One row per tracker, source and day.';
comment on column marts.coverage_days.day is 'UTC day of posting';
comment on column marts.coverage_days.status is
    'complete, partial, none (nothing could be had), or missing (ingestion did not run)';
