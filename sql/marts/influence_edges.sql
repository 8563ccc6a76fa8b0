-- Which city leads which, in what, by how many weeks.

create view marts.influence_edges as
select
    edges.day as week_start_on,
    placebos.is_newest,
    edges.tracker,
    edges.window_kind,
    edges.window_from,
    edges.window_to,
    edges.kind,
    edges.value,
    edges.source_city,
    edges.target_city,
    edges.lag_weeks,
    edges.strength,
    edges.q_value,
    edges.delta_error,
    edges.stability,
    edges.is_same_reversed,
    edges.model_name,
    edges.rule_version,
    edges.run_id
from trendlab.influence_edges as edges
inner join marts.influence_placebos as placebos
    on placebos.week_start_on = edges.day
    and placebos.tracker = edges.tracker
    and placebos.model_name = edges.model_name
    and placebos.window_kind = edges.window_kind
    and placebos.window_to = edges.window_to
left join marts.class_precision
    on edges.kind = 'garment'
    and class_precision.model_name = edges.model_name
    and class_precision.category = edges.value
    and class_precision.is_newest_version
where class_precision.review_status is distinct from 'hidden';

comment on view marts.influence_edges is
    'Which city leads which, in what, by how many weeks: lead–lag, never cause. '
    'Classes that reviews found too often wrong are left out. One row per week, '
    'tracker, model, window, value and ordered pair of cities with an edge.';
comment on column marts.influence_edges.week_start_on is
    'Monday of the week with which the newest window ends';
comment on column marts.influence_edges.is_newest is
    'true in the newest run of the tracker and model';
comment on column marts.influence_edges.value is 'for example skirt, or red';
