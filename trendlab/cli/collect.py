"""Verbs that bring data in: ingest, simulate, review, sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import (
    Home,
    ShownProgress,
    app,
    out,
    parse_day,
    settings_for,
    tell_fetched,
)
from trendlab.errors import SettingsError


@app.command(
    epilog="Example: trendlab ingest tweets/chanel.csv --mapping tweets "
    "--source brand_tweets --tracker chanel, or: trendlab ingest mastodon "
    "--tag streetstyle --since 2026-01-01, or: trendlab ingest --trackers"
)
def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders or globs (gz and zip are opened), or the name of "
            "a live source, such as mastodon.",
            show_default=False,
        ),
    ] = None,
    tracker: Annotated[
        str | None,
        typer.Option(
            help="Tracker that the files were collected for, or whose terms are "
            "fetched."
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Hashtag to fetch; may be repeated.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Account to fetch; may be repeated.")
    ] = None,
    keyword: Annotated[
        list[str] | None, typer.Option(help="Words to fetch; may be repeated.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="First day (UTC) to fetch. Default: yesterday",
            show_default=False,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="Fetch up to the start of this day (UTC). Default: now",
            show_default=False,
        ),
    ] = None,
    all_trackers: Annotated[
        bool,
        typer.Option(
            "--trackers",
            help="Fetch a day of all trackers from their live sources, with the "
            "gaps before it, and read older posts again.",
        ),
    ] = False,
    day: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="Day (UTC) of --trackers. Default: yesterday",
            show_default=False,
        ),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help="Named column mapping of the tracker file."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="Source name to store the rows under, a-z, 0-9 and _."),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="Format, where it cannot be told."),
    ] = None,
    sidecar: Annotated[
        Path | None,
        typer.Option(
            help="JSON or CSV beside a photo folder: time, author, place.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Read or fetch what was ingested before, too."),
    ] = False,
    home: Home = None,
) -> None:
    """Copy posts, comments, photos and authors into the lake.

    From files: the format is told from the content. From live sources (`trendlab
    sources` lists them): what is not there yet of the asked time is fetched. Doing
    it again changes nothing; a newer reading of a known post adds an engagement
    reading. Refused records go to quarantine with the reason.
    """
    from trendlab.sources.registry import LIVE
    from trendlab.steps.context import open_context
    from trendlab.steps.ingest import ingest_paths
    from trendlab.steps.ingest_matching import unmatched_lines
    from trendlab.steps.live_verbs import fetch_night, fetch_source, why_none_fetched
    from trendlab.steps.pseudonyms import open_pseudonyms

    asked = bool(tag or account or keyword or since or until)
    given = list(paths or [])
    settings = settings_for(home)
    if all_trackers:
        if given or asked:
            raise SettingsError("--trackers takes no paths, terms, --since or --until")
        with ShownProgress() as progress:
            context = open_context(settings, progress=progress)
            fetched = fetch_night(context, parse_day(day, "--day"))
        if not (fetched.terms or fetched.covered):
            out.print(why_none_fetched(), markup=False)
        tell_fetched(fetched)
        return
    is_live = (
        len(given) == 1 and given[0] in LIVE and (asked or not Path(given[0]).exists())
    )
    if not given or (asked and not is_live) or day is not None:
        raise SettingsError(
            "give files, or one live source with --tag, --account, --keyword or "
            f"--tracker ({', '.join(LIVE)}), or --trackers with or without --day"
        )
    with ShownProgress() as progress:
        context = open_context(settings, progress=progress, need_trackers=False)
        if is_live:
            fetched = fetch_source(
                context,
                given[0],
                tags=tag or [],
                accounts=account or [],
                keywords=keyword or [],
                tracker=tracker,
                since=parse_day(since, "--since"),
                until=parse_day(until, "--until"),
                is_again=again,
            )
        else:
            report = ingest_paths(
                context.lake,
                given,
                trackers=context.trackers,
                tracker=tracker,
                mapping=mapping,
                source=source,
                format_name=format_name,
                sidecar=sidecar,
                clock=context.clock,
                max_rejected_share=settings.max_rejected_share,
                is_forced=again,
                pseudonyms=open_pseudonyms(settings, context.lake),
                progress=progress,
            )
    if is_live:
        tell_fetched(fetched)
        return
    for line in (*report.lines(), *unmatched_lines(context, report)):
        out.print(line, markup=False)


@app.command(
    epilog="Example: trendlab simulate --weeks 104 --posts-per-day 200 --home data/demo"
)
def simulate(
    weeks: Annotated[int, typer.Option(help="Length of the world.", min=1)] = 106,
    posts_per_day: Annotated[
        int, typer.Option(help="Mean posts a day, all trackers together.", min=1)
    ] = 220,
    cities: Annotated[int, typer.Option(help="Cities, at most 44.", min=1)] = 6,
    seed: Annotated[int, typer.Option(help="Same seed, same world.")] = 1,
    last_day: Annotated[
        str | None,
        typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of the world."),
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", help="A world with nothing planted.")
    ] = False,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Folder of photos to attach, so that vision runs.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Make a world with known peaks, dips, influencers, events and influence.

    Writes posts, comments, authors, engagement and, without --photos, garments
    drawn with detector-like noise (model_name `simulated`), a tracker file, and
    truth.json with all that was planted.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.simulate import simulate_world

    settings = settings_for(home)
    with ShownProgress() as progress:
        context = open_context(settings, progress=progress, need_trackers=False)
        report = simulate_world(
            context.lake,
            settings.home,
            weeks=weeks,
            posts_per_day=posts_per_day,
            city_count=cities,
            seed=seed,
            last_day=parse_day(last_day, "--to"),
            is_null=null,
            photos=photos,
            cities=context.cities,
            progress=progress,
        )
    for line in report.lines():
        out.print(line, markup=False)


review_app = typer.Typer(
    help="What people should check, and what they said.", no_args_is_help=True
)
app.add_typer(review_app, name="review")


@review_app.command(
    "export", epilog="Example: trendlab review export --out tasks.json --size 200"
)
def review_export(
    out_file: Annotated[
        Path, typer.Option("--out", help="Label Studio import file to write.")
    ],
    size: Annotated[int, typer.Option(help="Photos to choose.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same choice.")] = 1,
    embedded: Annotated[
        bool,
        typer.Option("--embedded", help="Put the photos into the file."),
    ] = False,
    home: Home = None,
) -> None:
    """Choose photos with predicted boxes and write them for Label Studio.

    The labelling interface is written beside the file, as .xml.
    """
    from trendlab.steps.context import open_context
    from trendlab.steps.review import export_review

    context = open_context(settings_for(home), need_trackers=False)
    for line in export_review(
        context,
        out_file,
        size=size,
        seed=seed,
        images="embedded" if embedded else "local-files",
    ):
        out.print(line, markup=False)


@review_app.command("import", epilog="Example: trendlab review import export.json")
def review_import(
    file: Annotated[
        Path,
        typer.Argument(help="Label Studio's JSON export.", exists=True, dir_okay=False),
    ],
    home: Home = None,
) -> None:
    """Read verdicts from Label Studio's JSON export into `reviews`."""
    from trendlab.steps.context import open_context
    from trendlab.steps.review import import_review

    context = open_context(settings_for(home), need_trackers=False)
    for line in import_review(context, file):
        out.print(line, markup=False)
