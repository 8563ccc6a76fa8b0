"""Asks the marts for a notebook, with an analyst's rights."""

from __future__ import annotations

from typing import Any

import pandas as pd
import sqlalchemy as sa


class Marts:
    """An open way to the marts, and the values that every query of a notebook binds.

    Parameters
    ----------
    address : str
        libpq or SQLAlchemy address of an analyst; `trendlab report` puts it into
        TRENDLAB_ANALYST_URL.
    **scope
        Values by the names under which queries bind them: tracker, first_day, …
    """

    def __init__(self, address: str, **scope: Any) -> None:
        url = sa.make_url(address).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(url)
        self.scope = scope

    def __repr__(self) -> str:
        return "Marts()"

    def ask(self, query: str, **more: Any) -> pd.DataFrame:
        """Return the rows of a SELECT.

        Parameters
        ----------
        query : str
            Names values as `:tracker`; they are bound, never put into the text.
        **more
            Values of this query beside the notebook's.

        Raises
        ------
        pandas.errors.DatabaseError
            With the query and what Postgres says of it.
        """
        with self._engine.connect() as connection:
            bound = {**self.scope, **more}
            return pd.read_sql(sa.text(query), connection, params=bound)

    def city_names(self, **others: str) -> dict[str, str]:
        """Return the name to show of each monitored city, by its id.

        Parameters
        ----------
        **others
            Names of what is no city: `all`, `unknown`.
        """
        cities = self.ask("select city, name from marts.cities")
        return {**dict(zip(cities["city"], cities["name"], strict=True)), **others}

    def negative_by(self) -> str:
        """Return what calls the scope's posts negative: `vader` or `complaints`.

        `vader`, the default, where nothing is scored.
        """
        found = self.ask(
            "select sentiment_model from marts.posts where tracker = :tracker "
            "and day between :first_day and :last_day "
            "and sentiment_label is not null limit 1"
        )
        return "vader" if found.empty else str(found["sentiment_model"].iloc[0])

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()
