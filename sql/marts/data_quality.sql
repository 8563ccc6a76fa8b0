-- How good the data of each source is: what was refused, hidden, missing.

create view marts.data_quality as
-- a file that was ingested again counts once
with files as (
    select distinct on (ingest_id)
        source,
        read_count,
        accepted_count,
        rejected_count,
        observed_at
    from trendlab.ingests
    order by ingest_id, observed_at desc
),

read as (
    select
        coalesce(source, 'all') as source,
        sum(read_count)::bigint as read_count,
        sum(accepted_count)::bigint as accepted_count,
        sum(rejected_count)::bigint as rejected_count,
        max(observed_at) as last_ingest_at
    from files
    group by rollup (source)
),

reasons as (
    select
        coalesce(source, 'all') as source,
        reason,
        count(*) as rows_count
    from trendlab.quarantine
    group by grouping sets ((source, reason), (reason))
),

top_reasons as (
    select
        source,
        string_agg(
            reason || ' (' || rows_count || ')', ', ' order by place
        ) as top_reasons
    from (
        select
            source,
            reason,
            rows_count,
            row_number() over (
                partition by source order by rows_count desc, reason
            ) as place
        from reasons
    ) as placed
    where place <= 3
    group by source
),

kept as (
    select
        coalesce(source, 'all') as source,
        count(*) as posts_count,
        count(likes_count)::double precision / nullif(count(*), 0) as like_coverage,
        count(author_id)::double precision / nullif(count(*), 0) as author_coverage,
        min(day) as first_on,
        max(day) as last_on
    from trendlab.posts
    group by rollup (source)
),

photos as (
    select
        coalesce(source, 'all') as source,
        count(*) as vision_failures_count,
        mode() within group (order by reason) as top_vision_failure
    from trendlab.vision_failures
    group by rollup (source)
),

gaps as (
    select
        coalesce(source, 'all') as source,
        count(*) filter (where status = 'missing') as missing_days_count,
        count(*) filter (where status = 'partial') as partial_days_count,
        count(*) filter (where status = 'none') as none_days_count,
        count(*) filter (where is_low_volume) as low_volume_days_count
    from marts.coverage_days
    group by rollup (source)
),

-- sentiment is counted by tracker, not by source
scored as (
    select
        'all' as source,
        sum(scored_count)::double precision
        / nullif(sum(posts_count), 0) as language_coverage
    from trendlab.activity
    where tracker = 'all' and city = 'all'
),

sources as (
    select source from read
    union
    select source from kept
    union
    select source from gaps
    union
    select 'all'
)

select
    sources.source,
    coalesce(kept.posts_count, 0) as posts_count,
    kept.first_on,
    kept.last_on,
    read.read_count,
    read.accepted_count,
    read.rejected_count,
    read.rejected_count::double precision
    / nullif(read.read_count, 0) as rejected_share,
    top_reasons.top_reasons,
    kept.like_coverage,
    kept.author_coverage,
    scored.language_coverage,
    coalesce(photos.vision_failures_count, 0) as vision_failures_count,
    photos.top_vision_failure,
    coalesce(gaps.missing_days_count, 0) as missing_days_count,
    coalesce(gaps.partial_days_count, 0) as partial_days_count,
    coalesce(gaps.none_days_count, 0) as none_days_count,
    coalesce(gaps.low_volume_days_count, 0) as low_volume_days_count,
    read.last_ingest_at
from sources
left join read on read.source = sources.source
left join top_reasons on top_reasons.source = sources.source
left join kept on kept.source = sources.source
left join photos on photos.source = sources.source
left join gaps on gaps.source = sources.source
left join scored on scored.source = sources.source;

comment on view marts.data_quality is
    'What was read, refused, hidden and missing. One row per source, and one for '
    '''all'' sources together.';
comment on column marts.data_quality.source is
    'network or archive, or ''all'' for all together';
comment on column marts.data_quality.posts_count is 'posts held, excluded ones too';
comment on column marts.data_quality.first_on is 'first day with posts';
comment on column marts.data_quality.last_on is 'last day with posts';
comment on column marts.data_quality.read_count is
    'records read; a file ingested again counts once, and its records with it';
comment on column marts.data_quality.accepted_count is 'of these, accepted';
comment on column marts.data_quality.rejected_count is 'of these, sent to quarantine';
comment on column marts.data_quality.rejected_share is
    'rejected_count / read_count, 0 to 1';
comment on column marts.data_quality.top_reasons is
    'the three most frequent reasons of rejection, with their counts';
comment on column marts.data_quality.like_coverage is
    'share of posts with known likes, 0 to 1';
comment on column marts.data_quality.author_coverage is
    'share of posts with a known author, 0 to 1';
comment on column marts.data_quality.language_coverage is
    'share of matched posts scored for sentiment (English only), 0 to 1; known for '
    '''all'' sources together only';
comment on column marts.data_quality.vision_failures_count is
    'photos that could not be used';
comment on column marts.data_quality.top_vision_failure is
    'the most frequent reason of these';
comment on column marts.data_quality.missing_days_count is
    'pairs of tracker and day on which ingestion did not run';
comment on column marts.data_quality.partial_days_count is
    'pairs of tracker and day that were ingested in part';
comment on column marts.data_quality.none_days_count is
    'pairs of tracker and day of which nothing could be had: the source was down or '
    'refused us; see coverage_days.reason';
comment on column marts.data_quality.low_volume_days_count is
    'pairs of tracker and day with far fewer posts than usual; see '
    'coverage_days.reason';
comment on column marts.data_quality.last_ingest_at is
    'end of the newest ingest, UTC';
