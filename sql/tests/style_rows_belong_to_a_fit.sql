-- Shares and examples are of a style that was fitted.

select
    'style_weeks' as table_name,
    weeks.model_name,
    weeks.style_id,
    weeks.fitted_on
from trendlab.style_weeks as weeks
where not exists (
    select
    from trendlab.styles
    where styles.day = weeks.fitted_on
        and styles.model_name = weeks.model_name
        and styles.style_id = weeks.style_id
)
union
select
    'style_examples' as table_name,
    examples.model_name,
    examples.style_id,
    examples.fitted_on
from trendlab.style_examples as examples
where not exists (
    select
    from trendlab.styles
    where styles.day = examples.fitted_on
        and styles.model_name = examples.model_name
        and styles.style_id = examples.style_id
)
