"""The only room that talks to Postgres: server, tables, loads, marts, questions.

The warehouse is filled from the lake and holds nothing that cannot be refilled.

- `access.open_warehouse` starts the embedded server (or takes a URL) and gives
  one engine for each role;
- `load.load_days` replaces days of the tables in schema `trendlab`;
- `marts.create` and `marts.run_tests` build and check the views in schema `marts`;
- `query.ask` answers a question with an analyst's rights: reading only;
- `reference` writes the documentation of tables and marts.
"""
