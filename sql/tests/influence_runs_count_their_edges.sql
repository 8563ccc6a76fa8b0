-- An influence run has the edges that it counts, and those that run both ways too.

select
    placebos.tracker,
    placebos.day,
    placebos.window_kind,
    placebos.window_to,
    placebos.edges_count,
    placebos.reversed_same_count,
    count(edges.value) as stored_count
from trendlab.influence_placebos as placebos
left join trendlab.influence_edges as edges
    on edges.day = placebos.day
    and edges.tracker = placebos.tracker
    and edges.model_name = placebos.model_name
    and edges.window_kind = placebos.window_kind
    and edges.window_to = placebos.window_to
group by
    placebos.tracker,
    placebos.day,
    placebos.model_name,
    placebos.window_kind,
    placebos.window_to,
    placebos.edges_count,
    placebos.reversed_same_count
having count(edges.value) <> placebos.edges_count
    or count(edges.value) filter (where edges.is_same_reversed)
    <> placebos.reversed_same_count
