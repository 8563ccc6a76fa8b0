-- Share of looks with a pattern, by city and week.

create view marts.pattern_trends as
select *
from marts.look_shares
where kind = 'pattern';

comment on view marts.pattern_trends is
    'Share of looks with a pattern by city and week, with its interval. One row '
    'per tracker, city, week, pattern and model.';
comment on column marts.pattern_trends.value is
    'pattern of the fabric, for example striped';
