-- In every week and city each look has one style, so shares add up to 1.

select
    tracker,
    week_start_on,
    city,
    model_name,
    sum(looks_with_count) as looks_with_count,
    max(looks_count) as looks_count
from marts.style_weeks
group by tracker, week_start_on, city, model_name
having sum(looks_with_count) <> max(looks_count)
    or min(looks_count) <> max(looks_count)
