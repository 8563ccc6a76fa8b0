-- Negative peaks as known now, with what drove them in words.

create view marts.dips as
with newest as (
    select distinct on (dip_id) *
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
    newest.end_on - newest.start_on + 1 as days_count,
    newest.is_count_up,
    newest.is_share_up,
    newest.negative_count,
    newest.scored_count,
    newest.negative_authors_count,
    newest.negative_share,
    newest.baseline_share,
    newest.lift,
    newest.p_value,
    newest.overdispersion,
    newest.severity,
    newest.pooled_days,
    newest.is_cold_start,
    newest.is_author_rule_assessable,
    newest.language_coverage,
    named.top_words,
    named.top_hashtags,
    named.top_authors,
    made_by.verdict as authors_verdict,
    made_by.top_share as top_author_share,
    made_by.hhi as authors_hhi,
    at_home.verdict as origin_verdict,
    at_home.description as origin,
    named.top_cities,
    newest.day as as_of_on,
    newest.rule_version,
    newest.run_id
from newest
left join lateral (
    select
        string_agg(
            evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'word') as top_words,
        string_agg(
            '#' || evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'hashtag') as top_hashtags,
        string_agg(
            coalesce(evidence.label, evidence.item), ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'author') as top_authors,
        string_agg(
            evidence.item, ', ' order by evidence.rank
        ) filter (where evidence.evidence_kind = 'city') as top_cities
    from trendlab.evidence
    where evidence.event_kind = 'dip'
        and evidence.event_id = newest.dip_id
        and evidence.rank <= 5
        and evidence.day = newest.apex_on
) as named on true
left join trendlab.event_authors as made_by
    on made_by.event_kind = 'dip'
    and made_by.event_id = newest.dip_id
    and made_by.day = newest.apex_on
left join lateral (
    select
        event_origins.verdict,
        event_origins.description
    from trendlab.event_origins
    where event_origins.event_kind = 'dip'
        and event_origins.event_id = newest.dip_id
        and event_origins.day = newest.apex_on
    limit 1
) as at_home on true;

comment on view marts.dips is
    'Days on which more is negative than a tracker''s past leads to expect, in their '
    'present state, with the five strongest of each kind of evidence of the apex, or of '
    'all days that were pooled for it (pooled_days). One row per dip.';
comment on column marts.dips.days_count is 'days from start_on to end_on';
comment on column marts.dips.top_words is 'over-represented words, strongest first';
comment on column marts.dips.top_hashtags is
    'over-represented hashtags, strongest first';
comment on column marts.dips.top_authors is
    'authors with the greatest share of the excess, of two posts or more';
comment on column marts.dips.authors_verdict is
    'of the apex or its pooled days: single: one author has half of the excess over '
    'authors'' own usual; few: as if fewer than ten had made it; broad: more; none: '
    'nobody above the usual; not_assessable: most authors are unknown, or fewer than '
    'five posts are above the usual; NULL for comments';
comment on column marts.dips.top_author_share is
    'the strongest author''s part of that excess, 0 to 1';
comment on column marts.dips.authors_hhi is
    'sum of the squared parts of that excess: 1 is one author, 0.1 is like ten';
comment on column marts.dips.origin_verdict is
    'whether authors of the apex or its pooled days are at home elsewhere than usual: '
    'one_city, shifted, as_usual or not_assessable; homes and figures stand in '
    'marts.peak_origins; NULL for comments, whose authors'' homes are not known';
comment on column marts.dips.origin is 'that verdict in words';
comment on column marts.dips.top_cities is
    'cities with the greatest share of the excess, of a topic with most negatives';
comment on column marts.dips.as_of_on is 'newest day that the dip was computed for';
