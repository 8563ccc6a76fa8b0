-- What stands behind each dip, a row for each piece of evidence.

create view marts.dip_evidence as
with newest as (
    select distinct on (dip_id)
        dip_id,
        tracker,
        city,
        topic,
        item_kind,
        start_on,
        apex_on,
        end_on
    from trendlab.dips
    order by dip_id, day desc
)

select
    newest.dip_id,
    newest.tracker,
    newest.city,
    newest.topic,
    newest.item_kind,
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
    on evidence.event_kind = 'dip'
    and evidence.event_id = newest.dip_id
    and evidence.day = newest.apex_on;

comment on view marts.dip_evidence is
    'Posts, comments, words, hashtags, authors and cities behind a dip, on its '
    'worst day, the apex, or on all days that were pooled for it (pooled_days of '
    'marts.dips), against the 28 days before. One row per dip, kind of evidence and '
    'rank.';
comment on column marts.dip_evidence.observed is
    'negatives of that day, or of the pooled days: items of an author or city, '
    'garments of a class, authors of a word or hashtag (each once a day); likes of a '
    'post or comment';
comment on column marts.dip_evidence.expected is
    'in the unit of observed: as many as on as many usual days (author, city), or '
    'among as many negatives (word, hashtag) or garments (garment); NULL of a post or '
    'comment, and of a topic''s city';
comment on column marts.dip_evidence.strength is
    'part of the excess, or of a topic''s negatives (author, city), z of the log-odds '
    '(word, hashtag, garment), compound (post, comment)';
comment on column marts.dip_evidence.start_on is 'first day of the dip';
comment on column marts.dip_evidence.apex_on is 'day of the dip with the smallest p';
comment on column marts.dip_evidence.end_on is 'last day of the dip so far';
comment on column marts.dip_evidence.run_id is
    'the computation that wrote the evidence';
