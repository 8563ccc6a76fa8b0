-- Every piece of evidence belongs to an event of its day, names either a term or a post,
-- and a term is used by more authors than the weeks around let expect.

select
    evidence.day,
    evidence.event_id,
    evidence.evidence_kind,
    evidence.rank
from trendlab.trend_event_evidence as evidence
where
    not exists (
        select
        from trendlab.trend_events as events
        where events.day = evidence.day
            and events.event_id = evidence.event_id
            and events.tracker = evidence.tracker
    )
    or (evidence.evidence_kind = 'post') <> (evidence.post_id is not null)
    or (evidence.evidence_kind = 'post') <> (evidence.term is null)
    or evidence.authors_count <= evidence.expected_authors
