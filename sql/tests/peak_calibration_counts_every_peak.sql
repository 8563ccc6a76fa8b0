-- The calibration of peaks counts every peak once, cold starts that went on twice at
-- most.

select
    known.tracker,
    known.measure,
    known.peaks_count,
    counted.peaks_count as counted
from (
    select
        tracker,
        measure,
        count(distinct (peak_id, is_cold_start)) as peaks_count
    from trendlab.peaks
    group by tracker, measure
) as known
left join (
    select
        tracker,
        measure,
        sum(peaks_count + cold_peaks_count) as peaks_count
    from marts.peak_calibration
    group by tracker, measure
) as counted using (tracker, measure)
where counted.peaks_count is distinct from known.peaks_count
