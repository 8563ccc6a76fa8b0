-- Looks that show a style.

create view marts.style_examples as
select
    examples.day as week_start_on,
    examples.style_id,
    styles.name,
    examples.rank,
    examples.chance,
    posts.source,
    posts.post_id,
    examples.media_index,
    examples.look_index,
    posts.url,
    posts.caption,
    posts.city,
    posts.day as posted_on,
    examples.fitted_on,
    styles.is_newest,
    examples.model_name,
    examples.run_id
from trendlab.style_examples as examples
inner join marts.styles
    on styles.fitted_on = examples.fitted_on
    and styles.model_name = examples.model_name
    and styles.style_id = examples.style_id
inner join marts.posts
    on posts.tracker = 'all'
    and posts.source = examples.source
    and posts.post_id = examples.post_id;

comment on view marts.style_examples is
    'The looks of a week that are most surely of a style; those of posts that were '
    'excluded since are left out. One row per week, model, style and rank.';
comment on column marts.style_examples.week_start_on is 'Monday of the ISO week';
comment on column marts.style_examples.rank is '1 is the surest';
comment on column marts.style_examples.posted_on is
    'day of the post in the tracker''s time zone';
comment on column marts.style_examples.fitted_on is
    'Monday of the week that ends with the first Sunday of a quarter';
comment on column marts.style_examples.run_id is
    'the computation that wrote the row: a hash of step, day, code, settings and '
    'inputs, so equal inputs give equal rows';
comment on column marts.style_examples.post_id is
    'the source''s own id, or a stable hash where it gives none';
comment on column marts.style_examples.city is
    'id of a monitored city, or ''unknown''';
