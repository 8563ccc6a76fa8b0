-- What did people write in the newest negative peak of each tracker?
with newest as (
    select distinct on (tracker) dip_id
    from marts.dips
    order by tracker, apex_on desc, severity desc
)

select
    dip_evidence.tracker,
    dip_evidence.apex_on,
    dip_evidence.evidence_kind,
    dip_evidence.rank,
    dip_evidence.label,
    dip_evidence.url
from marts.dip_evidence
inner join newest on dip_evidence.dip_id = newest.dip_id
where dip_evidence.evidence_kind in ('post', 'comment')
order by dip_evidence.tracker, dip_evidence.evidence_kind, dip_evidence.rank
