"""Verbs over models and looks: evaluate, train, similar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trendlab.cli.app import Home, ShownProgress, app, out, settings_for

evaluate_app = typer.Typer(
    help="Measure models on annotated data.", no_args_is_help=True
)
app.add_typer(evaluate_app, name="evaluate")


@evaluate_app.command(
    "detector",
    epilog="Example: trendlab evaluate detector --annotations val.json "
    "--images photos/ --out measured/",
)
def evaluate_detector(
    annotations: Annotated[
        Path,
        typer.Option(
            help="COCO JSON: images, annotations, categories.",
            exists=True,
            dir_okay=False,
        ),
    ],
    images: Annotated[
        Path | None,
        typer.Option(
            help="Folder that its file names start from.", exists=True, file_okay=False
        ),
    ] = None,
    detections: Annotated[
        Path | None,
        typer.Option(
            help="Measure these instead: JSON as `trendlab detect --out` writes it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Name or path of a model card. Default: the shipped one."),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for tables, detections and curves."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda. Default: auto")
    ] = None,
    home: Home = None,
) -> None:
    """Measure a detector: average precision, precision where it counts, confusion.

    Prints a row per class (VOC 11-point and COCO), boots and footwear as one
    besides, the confusion table, and whether the detector beats models that do not
    look. With --out also precision–recall curves.
    """
    from trendlab.steps.evaluate import evaluate_detector as evaluate

    settings = settings_for(home, device=device, detector=model)
    with ShownProgress() as progress:
        for line in evaluate(
            settings,
            annotations,
            images,
            detections=detections,
            is_carded=detections is None or model is not None,
            out=out_folder,
            progress=progress,
        ):
            out.print(line, markup=False)


train_app = typer.Typer(
    help="Train models on annotated data of your own.", no_args_is_help=True
)
app.add_typer(train_app, name="train")


@train_app.command(
    "detector", epilog="Example: trendlab train detector --config detector.yml"
)
def train_detector(
    config: Annotated[
        Path,
        typer.Option(
            help="YAML file; docs/vision.md describes its fields.",
            exists=True,
            dir_okay=False,
        ),
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after the last epoch saved.")
    ] = False,
) -> None:
    """Train a detector: weights as safetensors and a card, in the config's folder.

    Hours on two cores, minutes on a GPU. Thresholds and figures come from the
    validation photos. Use the model by `trendlab detect --model CARD`, or for the
    night by TRENDLAB_DETECTOR.
    """
    from trendlab.steps.train import train_from_config

    with ShownProgress() as progress:
        for line in train_from_config(config, is_resumed=resume, progress=progress):
            out.print(line, markup=False)


@train_app.command(
    "attributes", epilog="Example: trendlab train attributes --config attributes.yml"
)
def train_attributes(
    config: Annotated[
        Path,
        typer.Option(
            help="YAML file; docs/vision.md describes its fields.",
            exists=True,
            dir_okay=False,
        ),
    ],
) -> None:
    """Train what tells patterns, sleeves, lengths or fine categories of garments.

    From a CSV or JSON of your own: image, category, box, attribute, value. Prints
    accuracy and macro recall on held-out photos, from the image alone and fused with
    box and class, beside a guesser of the most frequent value. Use the model by
    TRENDLAB_ATTRIBUTES.
    """
    from trendlab.steps.train_attributes import train_from_config

    with ShownProgress() as progress:
        for line in train_from_config(config, progress=progress):
            out.print(line, markup=False)


@app.command(epilog="Example: trendlab similar photo.jpg --count 5")
def similar(
    image: Annotated[
        Path,
        typer.Argument(
            help="A photo, outside the lake or in it.", exists=True, dir_okay=False
        ),
    ],
    count: Annotated[int, typer.Option(help="Looks to show.", min=1)] = 10,
    warehouse: Annotated[
        bool, typer.Option("--warehouse", help="Ask the warehouse, by pgvector.")
    ] = False,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or cuda. Default: auto")
    ] = None,
    home: Home = None,
) -> None:
    """Show the looks of the lake that are nearest to a photo, with their scores.

    A line a look: cosine of the two looks (1 is the same), day, post, photo and
    where it is stored. Of a photo of several people the one with most garments is
    compared.
    """
    from trendlab.steps.similar import similar_lines

    settings = settings_for(home, device=device)
    for line in similar_lines(settings, image, count=count, in_warehouse=warehouse):
        out.print(line, markup=False)
