-- What drove each peak, a row for each driver. The evidence of a peak's last day is
-- that of all its days.

create view marts.peak_drivers as
with newest as (
    select distinct on (peak_id)
        day,
        peak_id,
        tracker,
        city,
        measure,
        start_on,
        apex_on,
        end_on
    from trendlab.peaks
    order by peak_id, day desc
)

select
    newest.peak_id,
    newest.tracker,
    newest.city,
    newest.measure,
    newest.start_on,
    newest.apex_on,
    newest.end_on,
    evidence.evidence_kind,
    evidence.rank,
    evidence.item,
    evidence.label,
    evidence.url,
    evidence.observed,
    evidence.expected,
    evidence.strength,
    evidence.run_id
from newest
inner join trendlab.evidence
    on evidence.event_kind = 'peak'
    and evidence.event_id = newest.peak_id
    and evidence.day = newest.day;

comment on view marts.peak_drivers is
    'What is over-represented in a peak, on all its days so far, against the 28 days '
    'before it began. One row per peak, kind of evidence and rank.';
comment on column marts.peak_drivers.observed is
    'counted on all days of the peak so far: posts of an author or city, garments of a '
    'class, authors of a word or hashtag, each once a day; likes of a post';
comment on column marts.peak_drivers.expected is
    'in the unit of observed: as many as usual on as many days (author, city), or among '
    'as many posts or garments (word, hashtag, garment); NULL of a post';
comment on column marts.peak_drivers.strength is
    'part of the excess (author, city), z of the log-odds (word, hashtag, garment), '
    'compound (post)';
comment on column marts.peak_drivers.start_on is 'first day of the peak';
comment on column marts.peak_drivers.apex_on is 'day of the peak with the greatest z';
comment on column marts.peak_drivers.end_on is 'last day of the peak so far';
comment on column marts.peak_drivers.run_id is
    'the computation that wrote the evidence';
