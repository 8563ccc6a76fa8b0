-- The expected interval of a day holds its baseline.

select
    tracker,
    city,
    measure,
    day,
    baseline,
    expected_low,
    expected_high
from trendlab.day_scores
where expected_low > baseline or baseline > expected_high
