-- A step has one run for a day.

select
    step,
    day,
    count(*) as rows_count
from marts.runs
group by step, day
having count(*) > 1
