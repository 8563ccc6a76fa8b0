-- What is told of an event's authors belongs to an event, and its shares fit together:
-- the greatest part squared is in the HHI, and the HHI is at most the greatest part.
select
    event_authors.event_kind,
    event_authors.event_id,
    event_authors.day,
    event_authors.top_share,
    event_authors.hhi
from trendlab.event_authors
where
    (
        event_authors.event_kind = 'peak'
        and not exists (
            select 1 from trendlab.peaks
            where peaks.peak_id = event_authors.event_id
        )
    )
    or (
        event_authors.event_kind = 'dip'
        and not exists (
            select 1 from trendlab.dips
            where dips.dip_id = event_authors.event_id
        )
    )
    or event_authors.hhi < event_authors.top_share ^ 2 - 1e-9
    or event_authors.hhi > event_authors.top_share + 1e-9;
