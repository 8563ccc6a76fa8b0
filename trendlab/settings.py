"""Settings, read once from the environment (TRENDLAB_*) and the command line.

Built in `cli`, passed on as plain values; no room reads the environment.
Secrets (`warehouse_url`, `alert_urls`, `pseudonym_key`) come from the environment or
from files and are never printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, IPvAnyNetwork, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from trendlab.errors import SettingsError

# A file in which one row in five is refused is the wrong file or the wrong mapping.
MAX_REJECTED_SHARE = 0.2
# Of this process and of those that it starts.
LOG_FORMAT = "%(asctime)s %(name)s %(message)s"

Port = Annotated[int, Field(ge=1, le=65_535)]


def _split(given: object) -> object:
    """Read a list that is written with blanks between."""
    return given.split() if isinstance(given, str) else given


_WORDS = BeforeValidator(_split)


class Settings(BaseSettings):
    """Everything that can be set, with its environment variable in the name.

    Parameters
    ----------
    home : Path
        Data folder: lake, embedded Postgres, reports, alerts (TRENDLAB_HOME).
    trackers_file : Path or None
        Tracker file; `trackers.yml` in the home when not given.
    warehouse_url : SecretStr or None
        SQLAlchemy or libpq address of an outside Postgres; the embedded one
        when not given (TRENDLAB_WAREHOUSE_URL).
    analyst_url : SecretStr or None
        Address with the analyst's rights, used by `sql` and reports with an
        outside Postgres; derived from `warehouse_url` when not given.
    alert_urls : SecretStr or None
        Channel addresses for apprise, `name=url` separated by white space.
    alert_urls_file : Path or None
        A file with one `name=url` a line.
    max_rejected_share : float
        Share of refused records above which an ingest fails.
    device : {"auto", "cpu", "cuda"}
        Where vision runs.
    detector : str or None
        Name or path of a model card; the shipped detector when not given.
    attributes : str or None
        Path of a card that `trendlab train attributes` wrote; none when not given.
    clip : Path or None
        Folder with a CLIP model in Hugging Face's layout, which tells attributes of
        garments in words; none when not given (TRENDLAB_CLIP).
    clip_attributes : tuple of str
        Which it tells, of pattern, sleeve, length and fine_category, with blanks
        between.
    people : {"on", "off"}
        Whether people are found in photos, so that each is a look of their own.
    sentiment : {"vader", "complaints"}
        What calls a text negative: VADER's score, or the classifier beside it.
    retention : str
        `table=days` between spaces: how long rows are kept; see docs/privacy.md.
    pseudonyms : {"off", "keyed"}
        Whether handles and ids of authors are replaced at ingest.
    pseudonym_key : SecretStr or None
        64 hexadecimal digits.
    pseudonym_key_file : Path or None
        A file with them; `keys/pseudonyms.key` in the home, drawn at the first
        ingest, when neither is given.
    media : {"off", "fetch"}
        Whether the night downloads photos.
    media_minutes : int
        Time after which a run begins no more downloads of photos.
    media_ports : frozenset of int
        Ports that photos may be fetched from, with blanks between.
    media_networks : tuple of networks
        Networks that are not public and from which photos may be fetched all the
        same, such as `10.20.0.0/24`, with blanks between.
    workers : int
        Processes that compute many days at once, and threads that decode photos.
    """

    model_config = SettingsConfigDict(
        env_prefix="TRENDLAB_", extra="ignore", env_ignore_empty=True
    )

    home: Path = Path("data")
    trackers_file: Path | None = None
    warehouse_url: SecretStr | None = None
    analyst_url: SecretStr | None = None
    alert_urls: SecretStr | None = None
    alert_urls_file: Path | None = None
    max_rejected_share: float = Field(default=MAX_REJECTED_SHARE, ge=0, le=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    detector: str | None = None
    attributes: str | None = None
    clip: Path | None = None
    clip_attributes: Annotated[tuple[str, ...], NoDecode, _WORDS] = (
        "pattern",
        "sleeve",
        "length",
    )
    people: Literal["on", "off"] = "on"
    sentiment: Literal["vader", "complaints"] = "vader"
    retention: str = ""
    pseudonyms: Literal["off", "keyed"] = "off"
    pseudonym_key: SecretStr | None = None
    pseudonym_key_file: Path | None = None
    media: Literal["off", "fetch"] = "off"
    media_minutes: int = Field(default=60, ge=1, le=1_440)
    media_ports: Annotated[frozenset[Port], NoDecode, _WORDS] = frozenset({80, 443})
    media_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, _WORDS] = ()
    workers: int = Field(default=2, ge=1, le=64)

    @property
    def trackers_path(self) -> Path:
        """The tracker file in use."""
        if self.trackers_file is not None:
            return self.trackers_file
        return self.home / "trackers.yml"


def read_settings(home: Path | None = None, **given: object) -> Settings:
    """Read settings from the environment; arguments that are given win.

    Raises
    ------
    SettingsError
        Names each setting that is wrong, without its value if it is a secret.
    """
    values = {name: value for name, value in given.items() if value is not None}
    if home is not None:
        values["home"] = home
    try:
        settings = Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(
            f"TRENDLAB_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise SettingsError(f"settings are wrong: {wrong}") from None
    return settings.model_copy(update={"home": settings.home.absolute()})
