-- Share of looks of a style, by city and week.

create view marts.style_trends as
select *
from marts.look_shares
where kind = 'style';

comment on view marts.style_trends is
    'Share of looks of a style by city and week, with its interval. One row per '
    'tracker, city, week, style and model.';
comment on column marts.style_trends.value is 'style of the look';
