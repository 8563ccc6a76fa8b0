"""Weights that strangers made: read without running what they hold."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file

from trendlab.errors import ModelError
from trendlab.vision.detect import import_ultralytics


def read_foreign(path: Path) -> dict[str, torch.Tensor]:
    """Read weights that others made: safetensors, or `.pt` under restriction.

    Raises
    ------
    ModelError
        If the file would run code, or holds no detection model.
    """
    if path.suffix == ".safetensors":
        return dict(load_file(path))
    if not path.is_file():
        # ultralytics would try to download a name that it knows
        raise ModelError(f"no weights at {path}")
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
