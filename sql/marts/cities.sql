-- The monitored cities.

create view marts.cities as
select
    city,
    name,
    country_code,
    region,
    lat,
    lon,
    radius_km,
    time_zone
from trendlab.cities;

comment on view marts.cities is 'Monitored cities. One row per city.';
