-- The apex of every peak is a scored day of its series.

select
    peaks.peak_id,
    peaks.tracker,
    peaks.city,
    peaks.measure,
    peaks.apex_on
from marts.peaks
where not exists (
    select
    from trendlab.day_scores
    where day_scores.tracker = peaks.tracker
        and day_scores.city = peaks.city
        and day_scores.measure = peaks.measure
        and day_scores.day = peaks.apex_on
)
