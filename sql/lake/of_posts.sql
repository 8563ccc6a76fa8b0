-- Rows of a table that belong to posts that were chosen, in whichever copy of a post they
-- are stored; one row per row of the table.
--
-- Relations: given, chosen(source, post_id). Sources that were collected for several
-- trackers (tweets__coats, tweets__boots) hold copies of one post.

select given.*
from given
semi join chosen
    on
        split_part(given.source, '__', 1) = split_part(chosen.source, '__', 1)
        and given.post_id = chosen.post_id
