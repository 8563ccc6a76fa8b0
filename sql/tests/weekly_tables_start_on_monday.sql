-- Weeks are named by their Monday.

select distinct
    'city_weeks' as table_name,
    day
from trendlab.city_weeks
where extract(isodow from day) <> 1
union
select distinct
    'influencers' as table_name,
    day
from trendlab.influencers
where extract(isodow from day) <> 1
union
select distinct
    'influence_edges' as table_name,
    day
from trendlab.influence_edges
where extract(isodow from day) <> 1
union
select distinct
    'influence_placebos' as table_name,
    day
from trendlab.influence_placebos
where extract(isodow from day) <> 1
union
select distinct
    'styles' as table_name,
    day
from trendlab.styles
where extract(isodow from day) <> 1
union
select distinct
    'style_examples' as table_name,
    day
from trendlab.style_examples
where extract(isodow from day) <> 1
union
select distinct
    'style_weeks' as table_name,
    day
from trendlab.style_weeks
where extract(isodow from day) <> 1
