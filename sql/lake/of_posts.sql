-- Rows of a table that belong to posts that were chosen; one row per row of the table.

select given.*
from given
semi join chosen
    on
        given.source = chosen.source
        and given.post_id = chosen.post_id
