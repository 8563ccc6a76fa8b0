-- What people wrote in an event of a share, and posts that show it.

create view marts.trend_event_evidence as
select
    events.week_start_on,
    events.tracker,
    events.event_id,
    events.rank as event_rank,
    events.city,
    events.city_name,
    events.kind,
    events.value,
    events.direction,
    events.apex_week_on,
    evidence.evidence_kind,
    evidence.rank,
    case evidence.evidence_kind
        when 'hashtag' then '#' || evidence.term
        when 'word' then evidence.term
        else posts.caption
    end as label,
    evidence.term,
    evidence.authors_count,
    evidence.expected_authors,
    evidence.strength,
    evidence.compared_with,
    posts.source,
    posts.post_id,
    posts.url,
    posts.likes_count,
    posts.day as posted_on,
    events.model_name,
    evidence.rule_version,
    evidence.run_id
from marts.trend_events as events
inner join trendlab.trend_event_evidence as evidence
    on evidence.day = events.week_start_on
    and evidence.event_id = events.event_id
left join marts.posts
    on posts.tracker = evidence.tracker
    and posts.source = evidence.source
    and posts.post_id = evidence.post_id
where evidence.evidence_kind <> 'post' or posts.post_id is not null;

comment on view marts.trend_event_evidence is
    'Words and hashtags that more people wrote in the weeks of an event than in the '
    'weeks around it, and its most liked posts; of the 50 most salient events of a '
    'tracker and model, as of the newest week. Posts that were excluded or erased since '
    'are left out. One row per event, kind of evidence and rank.';
comment on column marts.trend_event_evidence.week_start_on is
    'Monday of the week with which the history ends';
comment on column marts.trend_event_evidence.event_rank is
    '1 is the most salient event of the tracker and model';
comment on column marts.trend_event_evidence.city is
    'id of a monitored city, ''unknown'' or ''all''';
comment on column marts.trend_event_evidence.city_name is 'name of the city';
comment on column marts.trend_event_evidence.apex_week_on is
    'Monday of the event''s most unusual week; the posts are of it, or of the newest '
    'week of the event where it lies more than two years back';
comment on column marts.trend_event_evidence.label is
    'the word, the hashtag with #, or the text of the post as its author wrote it';
comment on column marts.trend_event_evidence.posted_on is
    'day of the post in the tracker''s time zone';
comment on column marts.trend_event_evidence.url is 'address of the post';
comment on column marts.trend_event_evidence.run_id is
    'the computation that wrote the evidence: a hash of step, day, code, settings and '
    'inputs, so equal inputs give equal rows';
comment on column marts.trend_event_evidence.source is
    'network or archive that the post came from';
comment on column marts.trend_event_evidence.post_id is
    'the source''s own id of the post, or a stable hash where it gives none; NULL of a '
    'word or hashtag';
comment on column marts.trend_event_evidence.rank is
    '1 is the strongest of the event and kind; of posts the most liked';
