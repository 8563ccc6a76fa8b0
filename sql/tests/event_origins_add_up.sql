-- What is told of where an event's authors are at home belongs to an event: its parts of
-- the excess and of the usual add up to 1 (or are all 0), and a test has its figures.
select
    event_origins.event_kind,
    event_origins.event_id,
    event_origins.day,
    sum(event_origins.excess_share) as excess_share,
    sum(event_origins.usual_share) as usual_share
from trendlab.event_origins
group by event_origins.event_kind, event_origins.event_id, event_origins.day
having
    (
        event_origins.event_kind = 'peak'
        and not exists (
            select 1 from trendlab.peaks
            where peaks.peak_id = event_origins.event_id
        )
    )
    or (
        event_origins.event_kind = 'dip'
        and not exists (
            select 1 from trendlab.dips
            where dips.dip_id = event_origins.event_id
        )
    )
    or least(
        abs(sum(event_origins.excess_share)), abs(sum(event_origins.excess_share) - 1)
    ) > 1e-6
    or least(
        abs(sum(event_origins.usual_share)), abs(sum(event_origins.usual_share) - 1)
    ) > 1e-6
    or bool_or(
        (event_origins.p_value is null) <> (event_origins.verdict = 'not_assessable')
    );
