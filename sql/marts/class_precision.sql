-- How often the detector is right, by what people said of a random sample.

create view marts.class_precision as
-- the newest verdict on a garment counts, once within the random sample and once
-- within the rest
with verdicts as (
    select distinct on (
        reviews.model_name,
        reviews.model_version,
        reviews.source,
        reviews.post_id,
        reviews.media_index,
        reviews.garment_index,
        reviews.selected_by = 'random'
    )
        reviews.model_name,
        reviews.model_version,
        reviews.category,
        reviews.selected_by = 'random' as is_random,
        (reviews.verdict = 'correct')::int as is_correct,
        -- a garment that had half the chance of being shown stands for twice as many
        1 / coalesce(nullif(reviews.inclusion_probability, 0), 1) as weight,
        reviews.reviewed_at
    from trendlab.reviews
    order by
        reviews.model_name,
        reviews.model_version,
        reviews.source,
        reviews.post_id,
        reviews.media_index,
        reviews.garment_index,
        reviews.selected_by = 'random',
        reviews.reviewed_at desc,
        reviews.reviewer
),

counted as (
    select
        model_name,
        model_version,
        category,
        count(*) filter (where is_random) as random_reviews_count,
        coalesce(sum(is_correct) filter (where is_random), 0) as random_correct_count,
        sum(weight * is_correct) filter (where is_random)
        / sum(weight) filter (where is_random) as precision_share,
        -- Kish: as many equally likely reviews would tell as much
        (sum(weight) filter (where is_random)) ^ 2
        / sum(weight ^ 2) filter (where is_random) as effective_count,
        count(*) filter (where not is_random) as other_reviews_count,
        coalesce(sum(is_correct) filter (where not is_random), 0)
            as other_correct_count,
        max(reviewed_at) as last_reviewed_at
    from verdicts
    group by model_name, model_version, category
),

-- Wilson interval, 95 % (z = 1.96)
bounded as (
    select
        counted.*,
        (
            precision_share + 1.96 ^ 2 / (2 * effective_count) - 1.96 * sqrt(
                precision_share * (1 - precision_share) / effective_count
                + 1.96 ^ 2 / (4 * effective_count ^ 2)
            )
        ) / (1 + 1.96 ^ 2 / effective_count) as precision_low,
        (
            precision_share + 1.96 ^ 2 / (2 * effective_count) + 1.96 * sqrt(
                precision_share * (1 - precision_share) / effective_count
                + 1.96 ^ 2 / (4 * effective_count ^ 2)
            )
        ) / (1 + 1.96 ^ 2 / effective_count) as precision_high
    from counted
),

newest as (
    select distinct on (model_name)
        model_name,
        model_version
    from verdicts
    order by model_name, reviewed_at desc, model_version desc
)

select
    bounded.model_name,
    bounded.model_version,
    bounded.category,
    case
        -- with fewer than 20 reviews the interval is wide whatever the class is:
        -- a class that is always right would be hidden after 5 reviews
        when bounded.random_reviews_count < 20 then 'unverified'
        when bounded.precision_low < 0.6 then 'hidden'
        else 'verified'
    end as review_status,
    bounded.random_reviews_count,
    bounded.random_correct_count,
    bounded.precision_share,
    -- rounding can carry a bound past its end; NULL stays NULL
    case
        when bounded.precision_low < 0 then 0
        else bounded.precision_low
    end as precision_low,
    case
        when bounded.precision_high > 1 then 1
        else bounded.precision_high
    end as precision_high,
    bounded.other_reviews_count,
    bounded.other_correct_count,
    bounded.other_correct_count::double precision
    / nullif(bounded.other_reviews_count, 0) as other_precision_share,
    newest.model_version is not null as is_newest_version,
    bounded.last_reviewed_at
from bounded
left join newest
    on newest.model_name = bounded.model_name
    and newest.model_version = bounded.model_version;

comment on view marts.class_precision is
    'Precision of garment classes by human review. Classes that nobody has reviewed '
    'are not in it. One row per model, version and class.';
comment on column marts.class_precision.category is 'garment class as predicted';
comment on column marts.class_precision.review_status is
    'hidden (20 random reviews or more, and the lower bound of precision below 0.6), '
    'verified (20 or more, and not below), or unverified (fewer)';
comment on column marts.class_precision.random_reviews_count is
    'garments reviewed that were drawn at random: the unbiased sample';
comment on column marts.class_precision.random_correct_count is
    'of these, found correct';
comment on column marts.class_precision.precision_share is
    'share found correct in the random sample, each weighted by 1 / its chance of '
    'being shown, 0 to 1';
comment on column marts.class_precision.precision_low is
    'lower end of the 95 % Wilson interval';
comment on column marts.class_precision.precision_high is
    'upper end of the 95 % Wilson interval';
comment on column marts.class_precision.other_reviews_count is
    'garments reviewed that were picked as uncertain, disputed or alerted: harder '
    'than most, so no estimate of precision';
comment on column marts.class_precision.other_correct_count is
    'of these, found correct';
comment on column marts.class_precision.other_precision_share is
    'other_correct_count / other_reviews_count, 0 to 1';
comment on column marts.class_precision.is_newest_version is
    'true for the version of the model that was reviewed last; it decides what the '
    'trends show';
comment on column marts.class_precision.last_reviewed_at is
    'when a person last reviewed the class, UTC';
