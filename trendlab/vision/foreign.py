"""Weights that strangers made: read without running what they hold, and taken over."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from trendlab.errors import ModelError
from trendlab.vision.detect import import_ultralytics

log = logging.getLogger(__name__)


def read_foreign(path: Path) -> dict[str, torch.Tensor]:
    """Read weights that others made: safetensors, or `.pt` under restriction.

    Raises
    ------
    ModelError
        If there is no such file, it is damaged, it would run code, or it holds no
        detection model.
    """
    if not path.is_file():
        # ultralytics would try to download a name that it knows
        raise ModelError(f"no weights at {path}")
    if path.suffix == ".safetensors":
        try:
            return dict(load_file(path))
        except SafetensorError as error:
            raise ModelError(f"{path} is not safetensors: {error}") from error
    import_ultralytics()
    from ultralytics.nn.tasks import torch_safe_load

    try:
        with warnings.catch_warnings():
            # an unusual pickle protocol is a warning, then a refusal
            warnings.simplefilter("ignore", UserWarning)
            checkpoint, _ = torch_safe_load(path, safe_only=True)
    except (
        TypeError,
        RuntimeError,
        AssertionError,
        AttributeError,
        pickle.UnpicklingError,
    ) as error:
        raise ModelError(
            f"{path} was refused: it is not a plain ultralytics checkpoint, or it "
            "would run code; ask its maker for safetensors"
        ) from error
    model = checkpoint.get("ema") or checkpoint.get("model")
    if not isinstance(model, torch.nn.Module):
        raise ModelError(f"{path} holds no model")
    return dict(model.state_dict())


def start_from(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Give a network the tensors that fit it by name and shape.

    Raises
    ------
    ModelError
        If none does.
    """
    own = network.state_dict()
    plain = {key.removeprefix("model.model."): value for key, value in weights.items()}
    plain |= {key.removeprefix("model."): value for key, value in plain.items()}
    fitting = {}
    for key, value in own.items():
        given = plain.get(key.removeprefix("model."))
        if given is not None and given.shape == value.shape:
            fitting[key] = given.to(value.dtype)
    if not fitting:
        raise ModelError("initial weights: no tensor fits the architecture")
    log.info("train: %d of %d tensors from the initial weights", len(fitting), len(own))
    network.load_state_dict(fitting, strict=False)
