"""Writes a model that ships: its weights, then the card that names their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trendlab.errors import ModelError
from trendlab.vision.models import ModelCard


def nothing_measured(card: ModelCard) -> dict[str, Any]:
    """Add nothing to a card."""
    return {}


def write_model(
    weights: Mapping[str, Any],
    *,
    out: Path,
    name: str,
    shares: ModelCard | None = None,
    measure: Callable[[ModelCard], Mapping[str, Any]] = nothing_measured,
    **fields: Any,
) -> ModelCard:
    """Write a model's weights and its card side by side.

    Parameters
    ----------
    weights : mapping of str to array or tensor
    out : Path
        Made where it is not there.
    name : str
        Of the card, and of both files.
    shares : ModelCard, optional
        A card in `out` whose file of weights this one shares.
    measure : callable
        Given the card once the weights lie beside it; returns fields that are known
        only then, such as figures. The card is written with them, last.
    **fields
        The other fields of `ModelCard`.

    Raises
    ------
    ModelError
        If the weights of `shares` are others.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights_file = f"{name}.safetensors" if shares is None else shares.weights_file
    fresh = out / f".{weights_file}.part"
    sha256 = save_weights(weights, fresh)
    if shares is not None and shares.sha256 != sha256:
        fresh.unlink()
        raise ModelError(
            f"expected the weights of {shares.name} {shares.version} "
            f"({shares.sha256[:12]}…), got {sha256[:12]}…"
        )
    draft = ModelCard(
        name=name, weights_file=weights_file, sha256=sha256, folder=out, **fields
    )
    fresh.replace(draft.weights_path)
    card = draft.model_copy(update=dict(measure(draft)))
    write_card(card, out / f"{name}.json")
    return card


def save_weights(weights: Mapping[str, Any], path: Path) -> str:
    """Write weights as half-precision safetensors; return the sha256."""
    # torch takes seconds to load: only where weights are read or written
    from safetensors.numpy import save_file

    plain = {
        key: np.ascontiguousarray(value.cpu() if hasattr(value, "cpu") else value)
        for key, value in weights.items()
    }
    half = {
        key: value.astype(np.float16) if value.dtype.kind == "f" else value
        for key, value in plain.items()
    }
    save_file(half, path)
    path.chmod(0o644)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_card(card: ModelCard, path: Path) -> None:
    """Write a card as JSON, keys in order, so that equal cards give equal bytes."""
    content = json.dumps(
        card.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True
    )
    path.write_text(content + "\n", encoding="utf-8")
