-- The lower end of an expected interval is not above its upper end. (The baseline
-- of a rare event, a mean, may lie outside its interval of quantiles.)

select
    tracker,
    city,
    measure,
    day,
    baseline,
    expected_low,
    expected_high
from trendlab.day_scores
where expected_low > expected_high
