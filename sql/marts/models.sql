-- The models whose results the marts show.

create view marts.models as
select
    model_name,
    model_version,
    task,
    architecture,
    training_data,
    licence,
    metrics,
    is_simulated
from trendlab.models;

comment on view marts.models is
    'Model cards in short. One row per model and version.';
comment on column marts.models.model_name is 'name; ''simulated'' for drawn truth';
comment on column marts.models.model_version is 'version';
