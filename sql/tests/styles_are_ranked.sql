-- Styles of a fit are ranked from 1 to their number, without a gap.

select
    model_name,
    fitted_on,
    count(*) as rows_count,
    max(styles_count) as styles_count,
    max(rank) as last_rank
from marts.styles
group by model_name, fitted_on
having count(*) <> max(styles_count)
    or count(distinct rank) <> count(*)
    or min(rank) <> 1
    or max(rank) <> count(*)
