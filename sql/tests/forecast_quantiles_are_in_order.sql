-- Quantiles of a forecast rise, are shares, and lie ahead of the history.

select
    day,
    tracker,
    city,
    kind,
    value,
    week_on,
    share_q10,
    share_q50,
    share_q90
from trendlab.trend_forecasts
where
    share_q10 < 0
    or share_q50 < share_q10
    or share_q90 < share_q50
    or share_q90 > 1
    or weeks_ahead < 1
