-- An influence edge joins two different cities that its run compared.

select
    edges.tracker,
    edges.day,
    edges.value,
    edges.source_city,
    edges.target_city
from trendlab.influence_edges as edges
left join trendlab.influence_placebos as placebos
    on placebos.day = edges.day
    and placebos.tracker = edges.tracker
    and placebos.model_name = edges.model_name
    and placebos.window_kind = edges.window_kind
    and placebos.window_to = edges.window_to
where edges.source_city = edges.target_city
    or placebos.cities is null
    or not array[edges.source_city, edges.target_city] <@ placebos.cities
