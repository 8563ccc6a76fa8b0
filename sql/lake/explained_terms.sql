-- Words and hashtags of trackers from the start of an event to its day, and in the days
-- before the start: one row per event day, tracker, start, kind of item, kind of term
-- and term.
--
-- Relations: event_days(day, tracker, item_kind, start_on), term_days of those days and
-- the days before. Parameters: past_days, most_terms (a tracker, day and kind of item
-- lists so many terms at most). An author counts once a day; unknown authors are as many
-- as their items, as in `ItemWords.count_users`. Rows of before those were counted have
-- authors where one is known, else items.
--
-- unlisted_users: how many more users a term may have had on the days before that do not
-- list it. A day lists its most used terms, none of a single item, and a day of an event
-- lists more for having more items: without these, usual words of the middle would be
-- told to be new. On a day that lists the most it can, a term that is missing counts as
-- the least of those listed. On another day, an open one, it has one item or none: of n
-- open days m list it, with u users in all, and the likeliest rate r a day of a Poisson
-- solves n r² + (m - u) r - u = 0 and expects r / (1 + r) on each that does not.
-- never_listed_users: the same of a term that no day lists.

with starts as (
    select distinct day, tracker, item_kind, start_on from event_days
),

listed as (
    select
        day,
        tracker,
        item_kind,
        case when count(*) >= $most_terms then min(items_count) end as least_count
    from term_days
    group by day, tracker, item_kind
),

past_days as (
    select
        starts.day,
        starts.start_on,
        starts.tracker,
        starts.item_kind,
        count(*) filter (where listed.least_count is null) as open_days,
        coalesce(sum(listed.least_count), 0) as least_count
    from starts
    inner join listed
        on listed.tracker = starts.tracker
        and listed.item_kind = starts.item_kind
        and listed.day between starts.start_on - $past_days and starts.start_on - 1
    group by starts.day, starts.start_on, starts.tracker, starts.item_kind
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
        listed.least_count,
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
    inner join listed
        on listed.day = td.day
        and listed.tracker = td.tracker
        and listed.item_kind = td.item_kind
    inner join starts
        on starts.tracker = td.tracker
        and starts.item_kind = td.item_kind
        and td.day between starts.start_on - $past_days and starts.day
),

summed as (
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
            as past_negatives,
        count(*) filter (where not is_inside and least_count is null) as open_days,
        coalesce(sum(users) filter (where not is_inside and least_count is null), 0)
            as open_users,
        coalesce(sum(least_count) filter (where not is_inside), 0) as least_count
    from counted
    group by day, start_on, tracker, item_kind, term_kind, term
),

rated as (
    select
        summed.*,
        past_days.least_count - summed.least_count as least_elsewhere,
        past_days.open_days - summed.open_days as open_elsewhere,
        past_days.least_count as never_listed_users,
        (
            (summed.open_users - summed.open_days)
            + sqrt(
                (summed.open_users - summed.open_days) ** 2
                + 4 * past_days.open_days * summed.open_users
            )
        ) / nullif(2 * past_days.open_days, 0) as rate
    from summed
    left join past_days
        on past_days.day = summed.day
        and past_days.start_on = summed.start_on
        and past_days.tracker = summed.tracker
        and past_days.item_kind = summed.item_kind
)

select
    day,
    start_on,
    tracker,
    item_kind,
    term_kind,
    term,
    users,
    past_users,
    past_negatives,
    (
        coalesce(least_elsewhere, 0)
        + coalesce(open_elsewhere * rate / (1 + rate), 0)
    )::double as unlisted_users,
    coalesce(never_listed_users, 0)::double as never_listed_users
from rated
