-- Activity peaks as known now, with what drove them in words.

create view marts.peaks as
with newest as (
    select distinct on (peak_id) *
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
    newest.end_on - newest.start_on + 1 as days_count,
    newest.value,
    newest.baseline,
    newest.ratio,
    newest.z,
    newest.excess,
    newest.severity,
    newest.is_cold_start,
    named.top_hashtags,
    named.top_words,
    named.top_authors,
    made_by.verdict as authors_verdict,
    made_by.top_share as top_author_share,
    made_by.hhi as authors_hhi,
    at_home.verdict as origin_verdict,
    at_home.description as origin,
    named.top_cities,
    named.top_garments,
    newest.day as as_of_on,
    newest.rule_version,
    newest.run_id
from newest
left join lateral (
    select
        string_agg(
            '#' || evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'hashtag') as top_hashtags,
        string_agg(
            evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'word') as top_words,
        string_agg(
            coalesce(evidence.label, evidence.item), ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'author') as top_authors,
        string_agg(
            evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'city') as top_cities,
        string_agg(
            evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'garment') as top_garments
    from trendlab.evidence
    where evidence.event_kind = 'peak'
        and evidence.event_id = newest.peak_id
        and evidence.rank <= 5
        -- all days of the peak so far
        and evidence.day = newest.day
) as named on true
left join trendlab.event_authors as made_by
    on made_by.event_kind = 'peak'
    and made_by.event_id = newest.peak_id
    and made_by.day = newest.day
left join lateral (
    select
        event_origins.verdict,
        event_origins.description
    from trendlab.event_origins
    where event_origins.event_kind = 'peak'
        and event_origins.event_id = newest.peak_id
        and event_origins.day = newest.apex_on
    limit 1
) as at_home on true;

comment on view marts.peaks is
    'Activity peaks in their present state, with the five strongest of each kind of '
    'evidence of all their days. One row per peak.';
comment on column marts.peaks.days_count is 'days from start_on to end_on';
comment on column marts.peaks.top_hashtags is
    'over-represented hashtags, strongest first';
comment on column marts.peaks.top_words is 'over-represented words, strongest first';
comment on column marts.peaks.top_authors is
    'authors with the greatest share of the excess, of two posts or more';
comment on column marts.peaks.authors_verdict is
    'of all days: single: one author has half of the excess over authors'' own usual; '
    'few: as if fewer than ten had made it; broad: more; none: nobody above the usual; '
    'not_assessable: most authors are unknown, or fewer than five posts are above '
    'the usual; NULL for comments';
comment on column marts.peaks.top_author_share is
    'the strongest author''s part of that excess, 0 to 1';
comment on column marts.peaks.authors_hhi is
    'sum of the squared parts of that excess: 1 is one author, 0.1 is like ten';
comment on column marts.peaks.origin_verdict is
    'whether authors of the apex are at home elsewhere than usual: one_city, shifted, '
    'as_usual or not_assessable; homes and figures stand in marts.peak_origins';
comment on column marts.peaks.origin is 'that verdict in words';
comment on column marts.peaks.top_cities is
    'cities with the greatest share of the excess';
comment on column marts.peaks.top_garments is
    'over-represented garments, strongest first';
comment on column marts.peaks.as_of_on is 'newest day that the peak was computed for';
