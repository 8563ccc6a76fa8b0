-- Two peaks of a series share no day.

select
    first.peak_id,
    second.peak_id as other_peak_id,
    first.tracker,
    first.city,
    first.measure,
    first.start_on,
    first.end_on,
    second.start_on as other_start_on
from marts.peaks as first
inner join marts.peaks as second
    on second.tracker = first.tracker
    and second.city = first.city
    and second.measure = first.measure
    and second.peak_id <> first.peak_id
    and second.start_on between first.start_on and first.end_on
