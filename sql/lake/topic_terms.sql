-- Daily counts of the words that can be a topic on a produced day, those of the days
-- before included: a word with too few scored items on each of the days is not tested.
--
-- Relations: term_days of the produced days and the days before, produced_days
-- (term_days of the produced days alone). Parameter: min_scored.

with candidates as (
    select distinct tracker, item_kind, term
    from produced_days
    where term_kind = 'word' and scored_count >= $min_scored
)

select
    td.day,
    td.tracker,
    td.item_kind,
    td.term_kind,
    td.term,
    td.items_count,
    td.authors_count,
    td.scored_count,
    td.negative_count,
    td.negative_authors_count,
    td.unknown_count,
    td.unknown_negative_count
from term_days as td
semi join candidates
    on candidates.tracker = td.tracker
    and candidates.item_kind = td.item_kind
    and candidates.term = td.term
where td.term_kind = 'word'
order by td.day, td.tracker, td.item_kind, td.term
