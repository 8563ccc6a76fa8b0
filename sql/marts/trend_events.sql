-- When a share stood out from its curve, the most salient first.

create view marts.trend_events as
with newest as (
    select
        tracker,
        max(day) as day
    from trendlab.city_trends
    group by tracker
)

select
    events.day as week_start_on,
    events.tracker,
    events.rank,
    events.city,
    cities.name as city_name,
    events.kind,
    events.value,
    events.direction,
    events.description,
    named.top_words,
    named.top_hashtags,
    events.recurrence,
    events.first_week_on,
    events.apex_week_on,
    events.last_week_on,
    events.weeks,
    events.share,
    events.expected_share,
    events.looks_with_count,
    events.looks_count,
    events.excess_looks,
    events.p_value,
    events.is_firm,
    events.saliency,
    events.event_id,
    events.model_name,
    events.rule_version,
    events.run_id
from trendlab.trend_events as events
inner join newest
    on newest.tracker = events.tracker and newest.day = events.day
left join lateral (
    select
        string_agg(
            evidence.term, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'word') as top_words,
        string_agg(
            '#' || evidence.term, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'hashtag') as top_hashtags
    from trendlab.trend_event_evidence as evidence
    where evidence.day = events.day
        and evidence.event_id = events.event_id
        and evidence.rank <= 5
) as named on true
left join trendlab.cities on cities.city = events.city
left join marts.class_precision
    on events.kind = 'garment'
    and class_precision.model_name = events.model_name
    and class_precision.category = events.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.trend_events is
    'Weeks in which a share stood out from its curve, grouped into events, as of the '
    'newest week. Classes that reviews found too often wrong are left out. One row per '
    'tracker and event.';
comment on column marts.trend_events.week_start_on is
    'Monday of the week with which the history ends';
comment on column marts.trend_events.city is
    'id of a monitored city, ''unknown'' or ''all''';
comment on column marts.trend_events.city_name is 'name of the city';
comment on column marts.trend_events.description is
    'for example: rose to 12.0 % of looks against 4.1 % expected, week of 2016-03-14';
comment on column marts.trend_events.is_firm is
    'whether it stays when it is counted that the spread of a series'' weeks is known '
    'from few of them only; others are candidates. NULL in rows of an earlier rule';
comment on column marts.trend_events.top_words is
    'words that more people wrote than in the weeks around, the most over-represented '
    'first, five at most; NULL where none is, and of events beyond the 50 most salient';
comment on column marts.trend_events.top_hashtags is
    'hashtags likewise';
comment on column marts.trend_events.rank is
    '1 is the most salient of the tracker and model';
