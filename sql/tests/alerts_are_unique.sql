-- An alert is raised once, whatever is computed again.

select
    alert_id,
    count(*) as rows_count
from marts.alerts
group by alert_id
having count(*) > 1
