-- How often each rule of peaks speaks on one's own history, beside what chance gives.

create view marts.peak_calibration as
-- a day is scored by the days before it alone, so every day is a test of the rule
with scored as (
    select
        tracker,
        measure,
        case city when 'all' then 'all' else 'cities' end as scope,
        count(*) filter (where not is_cold_start) as tested_days,
        count(*) filter (where is_cold_start) as cold_days,
        count(*) filter (where not is_cold_start and average = 'above') as above_days,
        count(*) filter (where not is_cold_start and average = 'below') as below_days,
        count(*) filter (where not is_cold_start and p_value <= 0.01) as p01_days
    from trendlab.day_scores
    where p_value is not null
    group by 1, 2, 3
),

raised as (
    select
        tracker,
        measure,
        case city when 'all' then 'all' else 'cities' end as scope,
        count(distinct peak_id) filter (where not is_cold_start) as peaks_count,
        count(distinct peak_id) filter (where is_cold_start) as cold_peaks_count
    from trendlab.peaks
    group by 1, 2, 3
)

select
    scored.tracker,
    scored.measure,
    scored.scope,
    scored.tested_days,
    scored.above_days::double precision / nullif(scored.tested_days, 0) as above_share,
    scored.below_days::double precision / nullif(scored.tested_days, 0) as below_share,
    scored.p01_days::double precision / nullif(scored.tested_days, 0) as p01_share,
    coalesce(raised.peaks_count, 0) as peaks_count,
    100.0::double precision * coalesce(raised.peaks_count, 0)
    / nullif(scored.tested_days, 0) as peaks_per_100_days,
    scored.cold_days,
    coalesce(raised.cold_peaks_count, 0) as cold_peaks_count
from scored
left join raised using (tracker, measure, scope);

comment on view marts.peak_calibration is
    'How often peaks are called on one''s own history: each day is scored by the days '
    'before it alone, so the past is a test of the rule. Shares far above their nominal '
    'value tell of a series that the rule does not fit, or of a history full of events: '
    'peaks_per_100_days is an upper bound of the false alarms. One row per tracker, '
    'measure and scope.';
comment on column marts.peak_calibration.measure is 'what is scored';
comment on column marts.peak_calibration.scope is
    'all: the tracker''s total; cities: its cities, taken together';
comment on column marts.peak_calibration.tested_days is
    'series-days scored with 28 valid days or more behind them';
comment on column marts.peak_calibration.above_share is
    'share of tested days above the 90 % interval; nominal 0.05';
comment on column marts.peak_calibration.below_share is
    'share of tested days below the 90 % interval; nominal 0.05';
comment on column marts.peak_calibration.p01_share is
    'share of tested days with p_value ≤ 0.01; nominal 0.01';
comment on column marts.peak_calibration.peaks_count is 'peaks, cold starts apart';
comment on column marts.peak_calibration.peaks_per_100_days is
    'peaks per 100 tested series-days; 0.3 is the most that chance may give';
comment on column marts.peak_calibration.cold_days is
    'series-days scored in a cold start, with fewer than 28 valid days';
comment on column marts.peak_calibration.cold_peaks_count is 'peaks in a cold start';
