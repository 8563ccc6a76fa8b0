-- In every window, what cities exert is what cities receive.

select
    tracker,
    week_start_on,
    window_kind,
    window_to,
    kind,
    value,
    sum(exerted) as exerted,
    sum(received) as received
from marts.city_influence
group by tracker, model_name, week_start_on, window_kind, window_to, kind, value
having abs(sum(exerted) - sum(received)) > 1e-9
    or sum(leads_count) <> sum(follows_count)
