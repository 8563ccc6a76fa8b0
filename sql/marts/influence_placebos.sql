-- What was tested for influence, and what chance gives.

create view marts.influence_placebos as
with newest as (
    select
        tracker,
        model_name,
        max(day) as day
    from trendlab.influence_placebos
    group by tracker, model_name
)

select
    placebos.day as week_start_on,
    placebos.day = newest.day as is_newest,
    placebos.tracker,
    placebos.window_kind,
    placebos.window_from,
    placebos.window_to,
    placebos.status,
    placebos.reason,
    placebos.weeks_count,
    placebos.cities,
    cardinality(placebos.cities) as cities_count,
    placebos.series_count,
    placebos.left_out_count,
    placebos.pairs_count,
    placebos.edges_count,
    placebos.reversed_count,
    placebos.reversed_same_count,
    placebos.permuted_count,
    placebos.model_name,
    placebos.rule_version,
    placebos.run_id
from trendlab.influence_placebos as placebos
inner join newest
    on newest.tracker = placebos.tracker
    and newest.model_name = placebos.model_name;

comment on view marts.influence_placebos is
    'What was tested for influence and how many edges two placebos found, so that one '
    'sees what chance gives. One row per week, tracker, model and window.';
comment on column marts.influence_placebos.week_start_on is
    'Monday of the week with which the newest window ends';
comment on column marts.influence_placebos.is_newest is
    'true in the newest run of the tracker and model';
comment on column marts.influence_placebos.cities_count is 'cities compared';
