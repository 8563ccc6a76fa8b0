-- A gain is the one error less the other, within its interval, over some origins.

select
    tracker,
    week_start_on,
    kind,
    value,
    target_city,
    ahead_from,
    ahead_to
from marts.influence_forecasts
where abs(gain - (mase_without - mase_with)) > 1e-9
    or not gain between gain_low - 1e-9 and gain_high + 1e-9
    or ahead_from > ahead_to
    or origins_count = 0
    or is_total <> (verdict is not null)
