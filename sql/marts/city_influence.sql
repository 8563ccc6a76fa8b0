-- How much influence each city exerts and receives.

create view marts.city_influence as
with runs as (
    select
        placebos.week_start_on,
        placebos.is_newest,
        placebos.tracker,
        placebos.model_name,
        placebos.window_kind,
        placebos.window_from,
        placebos.window_to,
        compared.city,
        placebos.rule_version,
        placebos.run_id
    from marts.influence_placebos as placebos
    cross join lateral unnest(placebos.cities) as compared (city)
),

-- an edge that comes out with time reversed is no lead
leads as (
    select
        week_start_on,
        tracker,
        model_name,
        window_kind,
        window_to,
        kind,
        value,
        source_city,
        target_city,
        abs(strength) as strength
    from marts.influence_edges
    where not is_same_reversed
),

sides as (
    select
        week_start_on,
        tracker,
        model_name,
        window_kind,
        window_to,
        kind,
        value,
        source_city as city,
        strength as exerted,
        0 as received,
        1 as leads_count,
        0 as follows_count
    from leads
    union all
    select
        week_start_on,
        tracker,
        model_name,
        window_kind,
        window_to,
        kind,
        value,
        target_city as city,
        0 as exerted,
        strength as received,
        0 as leads_count,
        1 as follows_count
    from leads
),

-- by value, and over all values
named as (
    select
        sides.week_start_on,
        sides.tracker,
        sides.model_name,
        sides.window_kind,
        sides.window_to,
        sides.city,
        case when grouping(sides.kind) = 1 then 'all' else sides.kind end as kind,
        case when grouping(sides.value) = 1 then '' else sides.value end as value,
        sum(sides.exerted) as exerted,
        sum(sides.received) as received,
        sum(sides.leads_count) as leads_count,
        sum(sides.follows_count) as follows_count
    from sides
    group by
        sides.week_start_on,
        sides.tracker,
        sides.model_name,
        sides.window_kind,
        sides.window_to,
        sides.city,
        grouping sets ((sides.kind, sides.value), ())
)

select
    runs.week_start_on,
    runs.is_newest,
    runs.tracker,
    runs.window_kind,
    runs.window_from,
    runs.window_to,
    runs.city,
    coalesce(named.kind, 'all') as kind,
    coalesce(named.value, '') as value,
    coalesce(named.exerted, 0) as exerted,
    coalesce(named.received, 0) as received,
    coalesce(named.leads_count, 0) as leads_count,
    coalesce(named.follows_count, 0) as follows_count,
    runs.model_name,
    runs.rule_version,
    runs.run_id
from runs
left join named
    on named.week_start_on = runs.week_start_on
    and named.tracker = runs.tracker
    and named.model_name = runs.model_name
    and named.window_kind = runs.window_kind
    and named.window_to = runs.window_to
    and named.city = runs.city;

comment on view marts.city_influence is
    'How much each city leads others and follows them: sums over its edges, those left '
    'out that come out with time reversed too. Moving windows show it over time. One '
    'row per week, tracker, model, window and city compared over all values (kind '
    '''all'', value ''''), and per value in which it has an edge.';
comment on column marts.city_influence.week_start_on is
    'Monday of the week with which the newest window ends';
comment on column marts.city_influence.is_newest is
    'true in the newest run of the tracker and model';
comment on column marts.city_influence.city is 'id of a monitored city';
comment on column marts.city_influence.kind is
    'what is led, as in influence_edges; all: over every value';
comment on column marts.city_influence.value is
    'for example skirt, or red; empty over all values';
comment on column marts.city_influence.exerted is
    'sum of the sizes of the strengths of edges that leave the city';
comment on column marts.city_influence.received is
    'sum of the sizes of the strengths of edges that reach the city';
comment on column marts.city_influence.leads_count is 'edges that leave the city';
comment on column marts.city_influence.follows_count is 'edges that reach the city';
