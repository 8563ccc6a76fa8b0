-- A class that reviews found too often wrong is in no trend and leads nowhere.

select distinct
    garment_trends.model_name,
    garment_trends.value
from marts.garment_trends
inner join marts.class_precision
    on class_precision.model_name = garment_trends.model_name
    and class_precision.category = garment_trends.value
    and class_precision.is_newest_version
where class_precision.review_status = 'hidden'
union
select distinct
    influence_edges.model_name,
    influence_edges.value
from marts.influence_edges
inner join marts.class_precision
    on class_precision.model_name = influence_edges.model_name
    and class_precision.category = influence_edges.value
    and class_precision.is_newest_version
where class_precision.review_status = 'hidden'
    and influence_edges.kind = 'garment'
