-- Every piece of evidence belongs to a peak or dip.

select distinct
    evidence.event_kind,
    evidence.event_id,
    evidence.day
from trendlab.evidence
where not exists (
    select
    from trendlab.peaks
    where evidence.event_kind = 'peak' and peaks.peak_id = evidence.event_id
)
and not exists (
    select
    from trendlab.dips
    where evidence.event_kind = 'dip' and dips.dip_id = evidence.event_id
)
