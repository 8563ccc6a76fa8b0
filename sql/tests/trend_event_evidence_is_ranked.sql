-- Ranks of an event's evidence of a kind are 1, 2, 3 …

select
    day,
    event_id,
    evidence_kind
from trendlab.trend_event_evidence
group by day, event_id, evidence_kind
having min(rank) <> 1 or max(rank) <> count(*)
