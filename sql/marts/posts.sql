-- Posts by tracker and city, to read what stands behind a number.

create view marts.posts as
select
    matched.tracker,
    matched.city,
    matched.day,
    matched.source,
    matched.post_id,
    matched.created_at,
    posts.author_id,
    posts.author_handle,
    posts.caption,
    posts.hashtags,
    posts.mentions,
    posts.url,
    posts.media_kind,
    posts.media_count,
    posts.likes_count,
    posts.comments_count,
    posts.shares_count,
    posts.views_count,
    posts.language_given,
    sentiment.language,
    sentiment.compound,
    sentiment.label as sentiment_label,
    sentiment.negative_probability,
    sentiment.model_name as sentiment_model,
    posts.is_repost,
    posts.is_sponsored,
    matched.matched_by,
    matched.city_source,
    matched.city_confidence,
    posts.observed_at
from trendlab.tracker_posts as matched
inner join trendlab.posts
    on posts.source = matched.source
    and posts.post_id = matched.post_id
left join trendlab.sentiment
    on sentiment.source = matched.source
    and sentiment.item_kind = 'post'
    and sentiment.item_id = matched.post_id
where not matched.is_excluded;

comment on view marts.posts is
    'Posts that matched a tracker; those that an exclusion rule drops are left out. '
    'One row per tracker, source and post; the tracker ''all'' holds each post once.';
comment on column marts.posts.city is 'id of a monitored city, or ''unknown''';
comment on column marts.posts.day is 'day in the tracker''s time zone';
comment on column marts.posts.created_at is 'when the author posted, UTC';
comment on column marts.posts.author_id is 'author''s id at the source';
comment on column marts.posts.language_given is 'as the source says';
comment on column marts.posts.language is
    'as told from the text; ''und'' where it cannot be told';
comment on column marts.posts.sentiment_label is
    'negative, neutral or positive; NULL where the text is not English';
comment on column marts.posts.sentiment_model is
    'what says whether a text is negative: vader, or complaints, the classifier beside it';
comment on column marts.posts.post_id is
    'the source''s own id, or a stable hash where it gives none';
