-- Where the authors of each peak and negative peak are at home, a row for each home.

create view marts.peak_origins as
with newest_peaks as (
    select distinct on (peak_id)
        peak_id as event_id,
        tracker,
        city,
        measure,
        start_on,
        apex_on,
        end_on
    from trendlab.peaks
    order by peak_id, day desc
),

newest_dips as (
    select distinct on (dip_id)
        dip_id as event_id,
        tracker,
        city,
        topic,
        start_on,
        apex_on,
        end_on
    from trendlab.dips
    order by dip_id, day desc
),

events as (
    select
        'peak' as event_kind,
        event_id,
        tracker,
        city,
        measure,
        '' as topic,
        start_on,
        apex_on,
        end_on
    from newest_peaks
    union all
    select
        'dip' as event_kind,
        event_id,
        tracker,
        city,
        'negatives' as measure,
        topic,
        start_on,
        apex_on,
        end_on
    from newest_dips
)

select
    events.event_kind,
    events.event_id,
    events.tracker,
    events.city,
    events.measure,
    events.topic,
    events.start_on,
    events.apex_on,
    events.end_on,
    event_origins.home_city,
    event_origins.observed,
    event_origins.expected,
    event_origins.excess_share,
    event_origins.usual_share,
    event_origins.known_share,
    event_origins.g_statistic,
    event_origins.degrees_of_freedom,
    event_origins.dispersion,
    event_origins.p_value,
    event_origins.verdict,
    event_origins.description,
    event_origins.rule_version,
    event_origins.run_id
from events
inner join trendlab.event_origins
    on event_origins.event_kind = events.event_kind
    and event_origins.event_id = events.event_id
    and event_origins.day = events.apex_on;

comment on view marts.peak_origins is
    'Where the authors of peaks and of negative peaks of posts are at home on the day '
    'of the apex (where days were pooled for a negative peak, on all of these), against '
    'the 28 days before. None of comments: a home is told by own posts, and who comments '
    'need have none. One row per event and home.';
comment on column marts.peak_origins.event_kind is 'peak, or dip for a negative peak';
comment on column marts.peak_origins.event_id is 'peak_id or dip_id';
comment on column marts.peak_origins.measure is
    'measure of the peak; negatives for a negative peak. Posts are compared whatever '
    'it is';
comment on column marts.peak_origins.topic is
    'words of a negative peak''s topic; empty for the whole tracker';
comment on column marts.peak_origins.start_on is 'first day of the event';
comment on column marts.peak_origins.apex_on is
    'most unusual day of the event, whose posts are compared';
comment on column marts.peak_origins.end_on is 'last day of the event so far';
