-- Influence is tested among at least five cities, or the run says why not.

select
    tracker,
    week_start_on,
    window_kind,
    window_to,
    status,
    cities_count
from marts.influence_placebos
where (status = 'tested' and cities_count < 5)
    or (status = 'not_assessable' and (reason is null or edges_count > 0))
