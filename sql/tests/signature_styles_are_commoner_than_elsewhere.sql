-- A signature style is worn more in its city than elsewhere.

select
    tracker,
    city,
    style_id,
    share,
    share_elsewhere
from marts.city_styles
where is_signature and share <= share_elsewhere
