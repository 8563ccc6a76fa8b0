-- Of every ingest, accepted + rejected = read.

select
    ingest_id,
    source,
    read_count,
    accepted_count,
    rejected_count
from trendlab.ingests
where accepted_count + rejected_count <> read_count
