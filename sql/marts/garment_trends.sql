-- Share of looks with a garment, by city and week.

create view marts.garment_trends as
select *
from marts.look_shares
where kind = 'garment';

comment on view marts.garment_trends is
    'Share of looks with a garment by city and week, with its interval. Classes '
    'that reviews found too often wrong are left out. One row per tracker, city, '
    'week, garment and model.';
comment on column marts.garment_trends.value is 'garment class, for example skirt';
comment on column marts.garment_trends.review_status is
    'verified by people, or unverified; see marts.class_precision';
