-- The share of negative posts, corrected for how often the model errs (Rogan and Gladen
-- 1978): (apparent + specificity - 1) / (sensitivity + specificity - 1).

create view marts.corrected_negative_shares as
with scored_by as (
    select
        model_name,
        model_version
    from trendlab.sentiment
    order by day desc
    limit 1
),

-- what people said of one model corrects no other
newest as (
    select quality.*
    from marts.sentiment_quality as quality
    left join scored_by on true
    where
        quality.sensitivity is not null
        and quality.specificity is not null
        and quality.model_name = coalesce(scored_by.model_name, quality.model_name)
        and quality.model_version
        = coalesce(scored_by.model_version, quality.model_version)
    order by quality.last_reviewed_at desc, quality.model_version desc
    limit 1
),

counted as (
    select
        tracker,
        city,
        date_trunc('month', day)::date as month_start_on,
        sum(scored_count) as scored_count,
        sum(negative_count) as negative_count
    from trendlab.activity
    group by tracker, city, date_trunc('month', day)
    having sum(scored_count) >= 30
),

joined as (
    select
        counted.tracker,
        counted.city,
        counted.month_start_on,
        counted.scored_count,
        counted.negative_count::double precision / counted.scored_count
            as apparent_share,
        newest.model_name,
        newest.model_version,
        newest.review_status,
        newest.sensitivity,
        newest.specificity,
        newest.negative_count as reviewed_negative_count,
        newest.other_count as reviewed_other_count,
        newest.sensitivity + newest.specificity - 1 as youden
    from counted
    cross join newest
),

estimated as (
    select
        joined.*,
        -- below 0.2 the model says next to nothing of a post, and nothing is corrected
        case
            when youden >= 0.2
                then least(
                    1.0, greatest(0.0, (apparent_share + specificity - 1) / youden)
                )
        end as corrected_share
    from joined
),

spread as (
    select
        estimated.*,
        sqrt(
            apparent_share * (1 - apparent_share) / scored_count
            + corrected_share ^ 2 * sensitivity * (1 - sensitivity)
            / reviewed_negative_count
            + (1 - corrected_share) ^ 2 * specificity * (1 - specificity)
            / reviewed_other_count
        ) / youden as standard_error
    from estimated
)

select
    tracker,
    city,
    month_start_on,
    scored_count,
    apparent_share,
    corrected_share,
    greatest(0.0, corrected_share - 1.96 * standard_error) as corrected_low,
    least(1.0, corrected_share + 1.96 * standard_error) as corrected_high,
    review_status,
    model_name,
    model_version
from spread;

comment on view marts.corrected_negative_shares is
    'Share of negative posts as counted, and corrected for the errors of the sentiment '
    'model that scored the newest posts, as people found them; empty until posts that it '
    'scored were reviewed. It takes the model to err alike everywhere. One row per tracker, city and month with at least 30 '
    'scored posts.';
comment on column marts.corrected_negative_shares.month_start_on is
    'first day of the month';
comment on column marts.corrected_negative_shares.apparent_share is
    'negative / scored as the model counts, 0 to 1';
comment on column marts.corrected_negative_shares.corrected_share is
    'Rogan-Gladen estimate, kept within 0 to 1; NULL where sensitivity + specificity '
    'is below 1.2';
comment on column marts.corrected_negative_shares.corrected_low is
    'lower end of the 95 % interval by the delta method';
comment on column marts.corrected_negative_shares.corrected_high is
    'upper end of the 95 % interval by the delta method';
comment on column marts.corrected_negative_shares.review_status is
    'verified or unverified, as in marts.sentiment_quality';
