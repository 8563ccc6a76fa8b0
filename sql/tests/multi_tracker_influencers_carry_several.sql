-- An author of several trackers has at least two, and no more entropy than equal parts
-- of them have.

select
    week_start_on,
    source,
    author_id,
    trackers_count,
    tracker_entropy
from marts.multi_tracker_influencers
where
    trackers_count < 2
    or tracker_entropy < 0
    or tracker_entropy > log(2::numeric, trackers_count::numeric) + 0.000001
