-- Words and hashtags of trackers on the days of their events, and in the days before:
-- one row per event day, tracker, kind of item, kind of term and term.
--
-- Relations: event_days(day, tracker, item_kind), term_days of those days and the days before.
-- Parameter: past_days. An author counts once a day; where authors are unknown, items
-- count.

with counted as (
    select
        event_days.day,
        td.day = event_days.day as is_today,
        td.tracker,
        td.item_kind,
        td.term_kind,
        td.term,
        case
            when td.authors_count > 0 then td.authors_count else td.items_count
        end as users,
        case
            when td.authors_count > 0 then td.negative_authors_count
            else td.negative_count
        end as negatives
    from term_days as td
    inner join event_days
        on event_days.tracker = td.tracker
        and event_days.item_kind = td.item_kind
        and td.day between event_days.day - $past_days and event_days.day
)

select
    day,
    tracker,
    item_kind,
    term_kind,
    term,
    coalesce(sum(users) filter (where is_today), 0)::bigint as users,
    coalesce(sum(users) filter (where not is_today), 0)::bigint as past_users,
    coalesce(sum(negatives) filter (where not is_today), 0)::bigint
        as past_negatives
from counted
group by day, tracker, item_kind, term_kind, term
