#!/bin/bash
# Run once by the Postgres image: a database and an owner each for Airflow and trendlab.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 \
     --set airflow_password="$AIRFLOW_DB_PASSWORD" \
     --set trendlab_password="$TRENDLAB_DB_PASSWORD" <<'SQL'
create role airflow login password :'airflow_password';
create database airflow owner airflow;
-- creates the roles of the warehouse, so it may create roles
create role trendlab login createrole password :'trendlab_password';
create database trendlab owner trendlab;
\connect trendlab
create extension if not exists vector;
SQL
