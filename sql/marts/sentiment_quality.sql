-- How often the sentiment model is right, by what people said of posts drawn at random.

create view marts.sentiment_quality as
-- a post counts once: the newest verdict on it
with verdicts as (
    select distinct on (source, item_id, model_name, model_version)
        model_name,
        model_version,
        (verdict = 'negative') as is_negative,
        (predicted_label = 'negative') as is_called_negative,
        (verdict = predicted_label) as is_right,
        reviewed_at
    from trendlab.text_reviews
    order by source, item_id, model_name, model_version, reviewed_at desc, reviewer
),

counted as (
    select
        model_name,
        model_version,
        count(*) as reviews_count,
        count(*) filter (where is_negative) as negative_count,
        count(*) filter (where is_negative and is_called_negative) as hit_count,
        count(*) filter (where not is_negative and not is_called_negative)
            as passed_count,
        count(*) filter (where is_right) as right_count,
        max(reviewed_at) as last_reviewed_at
    from verdicts
    group by model_name, model_version
),

shared as (
    select
        counted.*,
        reviews_count - negative_count as other_count,
        hit_count::double precision / nullif(negative_count, 0) as sensitivity,
        passed_count::double precision / nullif(reviews_count - negative_count, 0)
            as specificity
    from counted
)

select
    model_name,
    model_version,
    case
        -- with fewer of either the correction below is mostly noise
        when least(negative_count, other_count) < 20 then 'unverified'
        else 'verified'
    end as review_status,
    reviews_count,
    negative_count,
    other_count,
    right_count::double precision / reviews_count as accuracy,
    sensitivity,
    -- Wilson interval, 95 % (z = 1.96)
    (
        sensitivity + 1.96 ^ 2 / (2 * negative_count) - 1.96 * sqrt(
            sensitivity * (1 - sensitivity) / nullif(negative_count, 0)
            + 1.96 ^ 2 / (4 * nullif(negative_count, 0) ^ 2)
        )
    ) / (1 + 1.96 ^ 2 / nullif(negative_count, 0)) as sensitivity_low,
    (
        sensitivity + 1.96 ^ 2 / (2 * negative_count) + 1.96 * sqrt(
            sensitivity * (1 - sensitivity) / nullif(negative_count, 0)
            + 1.96 ^ 2 / (4 * nullif(negative_count, 0) ^ 2)
        )
    ) / (1 + 1.96 ^ 2 / nullif(negative_count, 0)) as sensitivity_high,
    specificity,
    (
        specificity + 1.96 ^ 2 / (2 * other_count) - 1.96 * sqrt(
            specificity * (1 - specificity) / nullif(other_count, 0)
            + 1.96 ^ 2 / (4 * nullif(other_count, 0) ^ 2)
        )
    ) / (1 + 1.96 ^ 2 / nullif(other_count, 0)) as specificity_low,
    (
        specificity + 1.96 ^ 2 / (2 * other_count) + 1.96 * sqrt(
            specificity * (1 - specificity) / nullif(other_count, 0)
            + 1.96 ^ 2 / (4 * nullif(other_count, 0) ^ 2)
        )
    ) / (1 + 1.96 ^ 2 / nullif(other_count, 0)) as specificity_high,
    last_reviewed_at
from shared;

comment on view marts.sentiment_quality is
    'How often the sentiment model is right about negative posts, by human review of '
    'posts drawn at random. One row per model and version that was reviewed.';
comment on column marts.sentiment_quality.review_status is
    'verified (20 reviewed posts or more of either kind) or unverified';
comment on column marts.sentiment_quality.reviews_count is 'posts that were read';
comment on column marts.sentiment_quality.negative_count is
    'of these, negative by the reader';
comment on column marts.sentiment_quality.other_count is
    'of these, neutral or positive by the reader';
comment on column marts.sentiment_quality.accuracy is
    'share with the right one of three labels, 0 to 1';
comment on column marts.sentiment_quality.sensitivity is
    'share of the negative posts that the model called negative, 0 to 1';
comment on column marts.sentiment_quality.sensitivity_low is
    'lower end of the 95 % Wilson interval';
comment on column marts.sentiment_quality.sensitivity_high is
    'upper end of the 95 % Wilson interval';
comment on column marts.sentiment_quality.specificity is
    'share of the other posts that the model did not call negative, 0 to 1';
comment on column marts.sentiment_quality.specificity_low is
    'lower end of the 95 % Wilson interval';
comment on column marts.sentiment_quality.specificity_high is
    'upper end of the 95 % Wilson interval';
comment on column marts.sentiment_quality.last_reviewed_at is
    'when the newest verdict was read in, UTC';
