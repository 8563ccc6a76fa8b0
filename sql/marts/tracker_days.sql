-- The coverage of a tracker's day over all sources that it reads.

create view marts.tracker_days as
with counted as (
    select
        tracker,
        day,
        count(*) as sources_count,
        count(*) filter (where status = 'complete') as complete_sources_count,
        count(*) filter (where status = 'none') as none_sources_count,
        count(*) filter (where status = 'missing') as missing_sources_count
    from marts.coverage_days
    group by tracker, day
),

named as (
    select tracker from trendlab.activity where city = 'all'
    union
    select tracker from trendlab.coverage
    union
    select 'all'
),

-- files that no one tracker owns count for every tracker, and every source counts
-- for the tracker 'all'
summed as (
    select
        named.tracker,
        counted.day,
        sum(counted.sources_count)::bigint as sources_count,
        sum(counted.complete_sources_count)::bigint as complete_sources_count,
        sum(counted.none_sources_count)::bigint as none_sources_count,
        sum(counted.missing_sources_count)::bigint as missing_sources_count
    from named
    inner join counted
        on named.tracker = 'all' or counted.tracker in (named.tracker, 'all')
    group by named.tracker, counted.day
)

select
    tracker,
    day,
    case
        when complete_sources_count = sources_count then 'complete'
        when missing_sources_count = sources_count then 'missing'
        when missing_sources_count + none_sources_count = sources_count then 'none'
        else 'partial'
    end as coverage_status,
    sources_count,
    complete_sources_count,
    missing_sources_count
from summed;

comment on view marts.tracker_days is
    'How well each day of a tracker is covered, all its sources together. One row per '
    'tracker and day.';
comment on column marts.tracker_days.tracker is 'name of the tracker, or ''all''';
comment on column marts.tracker_days.day is 'UTC day of posting';
comment on column marts.tracker_days.coverage_status is
    'complete (every source is), partial, none (no source gave anything), or missing '
    '(no ingestion ran)';
comment on column marts.tracker_days.sources_count is
    'pairs of tracker and source that should have been ingested';
comment on column marts.tracker_days.complete_sources_count is
    'of these, complete';
comment on column marts.tracker_days.missing_sources_count is
    'of these, not ingested';
