-- Looks to fit styles on, chosen by hash: as many of each model as are wanted. One row
-- per look.
--
-- Relations:
--   wanted(looks_count)   one row
--   look_patterns         the weeks to choose from
--
-- The choice depends on the look alone: others that come or go leave it as it is, but
-- for those at the edge.

with looks as (
    select
        day,
        city,
        model_name,
        garments,
        colours,
        unnest(range(looks_count)) as copy
    from look_patterns
    where tracker = 'all'
),

numbered as (
    select
        model_name,
        garments,
        colours,
        row_number() over (
            partition by model_name
            order by
                md5(concat_ws(' ', day, city, garments, colours, copy)),
                day,
                city,
                garments,
                colours,
                copy
        ) as place
    from looks
)

select
    model_name,
    garments,
    colours
from numbered
where place <= (select looks_count from wanted)
order by model_name, place
