-- Words and hashtags of trackers from the start of an event to its day, and in the days
-- before the start: one row per event day, tracker, start, kind of item, kind of term
-- and term.
--
-- Relations: event_days(day, tracker, item_kind, start_on), term_days of those days and
-- the days before. Parameter: past_days. An author counts once a day; unknown authors
-- are as many as their items, as in `ItemWords.count_users`. Rows of before those were
-- counted have authors where one is known, else items.

with starts as (
    select distinct day, tracker, item_kind, start_on from event_days
),

counted as (
    select
        starts.day,
        starts.start_on,
        td.day >= starts.start_on as is_inside,
        td.tracker,
        td.item_kind,
        td.term_kind,
        td.term,
        case
            when td.unknown_count is not null
                then td.authors_count + td.unknown_count
            when td.authors_count > 0 then td.authors_count
            else td.items_count
        end as users,
        case
            when td.unknown_negative_count is not null
                then td.negative_authors_count + td.unknown_negative_count
            when td.authors_count > 0 then td.negative_authors_count
            else td.negative_count
        end as negatives
    from term_days as td
    inner join starts
        on starts.tracker = td.tracker
        and starts.item_kind = td.item_kind
        and td.day between starts.start_on - $past_days and starts.day
)

select
    day,
    start_on,
    tracker,
    item_kind,
    term_kind,
    term,
    coalesce(sum(users) filter (where is_inside), 0)::bigint as users,
    coalesce(sum(users) filter (where not is_inside), 0)::bigint as past_users,
    coalesce(sum(negatives) filter (where not is_inside), 0)::bigint
        as past_negatives
from counted
group by day, start_on, tracker, item_kind, term_kind, term
