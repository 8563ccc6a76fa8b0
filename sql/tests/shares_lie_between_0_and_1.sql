-- Every share and coverage lies between 0 and 1.

with shares (mart, key, name, value) as (
    select
        'activity_daily',
        concat_ws(' ', days.tracker, days.city, days.day),
        named.name,
        named.value
    from marts.activity_daily as days
    cross join lateral (
        values
        ('like_coverage', days.like_coverage),
        ('language_coverage', days.language_coverage),
        ('negative_share', days.negative_share)
    ) as named (name, value)
    union all
    select
        'data_quality',
        quality.source,
        named.name,
        named.value
    from marts.data_quality as quality
    cross join lateral (
        values
        ('rejected_share', quality.rejected_share),
        ('like_coverage', quality.like_coverage),
        ('author_coverage', quality.author_coverage),
        ('language_coverage', quality.language_coverage)
    ) as named (name, value)
    union all
    select
        'class_precision',
        concat_ws(' ', classes.model_name, classes.model_version, classes.category),
        named.name,
        named.value
    from marts.class_precision as classes
    cross join lateral (
        values
        ('precision_share', classes.precision_share),
        ('precision_low', classes.precision_low),
        ('precision_high', classes.precision_high),
        ('other_precision_share', classes.other_precision_share)
    ) as named (name, value)
    union all
    select
        'city_activity',
        concat_ws(' ', cities.tracker, cities.city),
        'negative_share_28_days',
        cities.negative_share_28_days
    from marts.city_activity as cities
)

select
    mart,
    key,
    name,
    value
from shares
where value < 0 or value > 1
