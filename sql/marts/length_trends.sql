-- Share of looks with a length of dress, skirt or pants, by city and week.

create view marts.length_trends as
select *
from marts.look_shares
where kind = 'length';

comment on view marts.length_trends is
    'Share of looks with a length of dress, skirt or pants by city and week, with its '
    'interval; of all looks, also those in which none is told. One row per tracker, '
    'city, week, length and model.';
comment on column marts.length_trends.value is
    'of dresses and skirts above knee or below knee, of pants cropped or long';
