-- Share of looks with a finer kind of garment, by city and week.

create view marts.fine_category_trends as
select *
from marts.look_shares
where kind = 'fine_category';

comment on view marts.fine_category_trends is
    'Share of looks with a finer kind of garment by city and week, with its '
    'interval. One row per tracker, city, week, fine category and model.';
comment on column marts.fine_category_trends.value is
    'finer kind of garment, for example mini skirt';
