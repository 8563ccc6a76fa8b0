-- A peak or dip starts, reaches its apex and ends in that order, and its newest
-- state is not older than its end.

select
    'peak' as event_kind,
    peak_id as event_id,
    start_on,
    apex_on,
    end_on,
    as_of_on
from marts.peaks
where not (start_on <= apex_on and apex_on <= end_on and end_on <= as_of_on)
union all
select
    'dip' as event_kind,
    dip_id as event_id,
    start_on,
    apex_on,
    end_on,
    as_of_on
from marts.dips
where not (start_on <= apex_on and apex_on <= end_on and end_on <= as_of_on)
