-- Ranks of an event's words, and of its hashtags, are 1, 2, 3 … Those of posts may have
-- gaps: posts go with their author.

select
    day,
    event_id,
    evidence_kind
from trendlab.trend_event_evidence
where evidence_kind <> 'post'
group by day, event_id, evidence_kind
having min(rank) <> 1 or max(rank) <> count(*)
