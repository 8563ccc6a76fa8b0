-- Share of looks with a colour, by city and week.

create view marts.colour_trends as
select *
from marts.look_shares
where kind = 'colour';

comment on view marts.colour_trends is
    'Share of looks with a colour by city and week, with its interval. One row '
    'per tracker, city, week, colour and model.';
comment on column marts.colour_trends.value is 'basic colour term, for example red';
