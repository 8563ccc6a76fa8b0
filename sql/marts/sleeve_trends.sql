-- Share of looks with long sleeves, or with short ones or none, by city and week.

create view marts.sleeve_trends as
select *
from marts.look_shares
where kind = 'sleeve';

comment on view marts.sleeve_trends is
    'Share of looks with a length of sleeve by city and week, with its interval; of all '
    'looks, also those whose sleeves are not told. One row per tracker, city, week, '
    'sleeve and model.';
comment on column marts.sleeve_trends.value is
    'sleeve of the outermost garment of the upper body: long, or short or none';
