"""A CLIP model that the user has on disk: photos and words as vectors to compare.

The one place that knows `transformers`. It reads a folder in Hugging Face's layout
and nothing else: no network, no pickles, no code that comes with the model.

References
----------
Radford et al. (2021), Learning transferable visual models from natural language
supervision. Chia et al. (2022), Contrastive language and vision learning of general
fashion concepts (FashionCLIP).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from trendlab.errors import ModelError, SettingsError
from trendlab.vision.detector import Floats
from trendlab.vision.images import Pixels

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

# Files that decide what the model says, where a model has them: all are hashed.
READ_FILES = (
    CONFIG,
    WEIGHTS,
    "added_tokens.json",
    "merges.txt",
    "preprocessor_config.json",
    "processor_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
)

# Digits of the hash that rows carry as the model's version: 48 bits.
VERSION_DIGITS = 12

# Prompts a batch: of some ten words, they take little memory.
_TEXTS_A_BATCH = 64


def check_folder(folder: Path) -> None:
    """Check that a folder holds a CLIP model in safetensors, without loading it.

    Raises
    ------
    SettingsError
        If there is no such folder.
    ModelError
        If it holds another model, pickles only, or code.
    """
    if not folder.is_dir():
        raise SettingsError(
            f"expected a folder with a CLIP model at {folder}, found none; "
            "TRENDLAB_CLIP names a folder in Hugging Face's layout"
        )
    if not (folder / WEIGHTS).is_file():
        pickles = sorted(
            path.name
            for kind in ("*.bin", "*.pt", "*.pth")
            for path in folder.glob(kind)
        )
        found = (
            f"only {', '.join(pickles)}: pickles, which run what they like when opened"
            if pickles
            else "no weights"
        )
        raise ModelError(
            f"{folder}: expected {WEIGHTS}, found {found}; take the model's "
            "safetensors, in one file"
        )
    told = _read_json(folder / CONFIG)
    if told.get("model_type") != "clip":
        raise ModelError(
            f"{folder / CONFIG}: expected model_type 'clip', got "
            f"{told.get('model_type')!r}; only CLIP models can be asked in words here"
        )
    configs = [folder / name for name in READ_FILES if name.endswith("config.json")]
    for path in configs:
        if path.is_file() and "auto_map" in _read_json(path):
            raise ModelError(
                f"{path} asks for code that comes with the model (auto_map); it is "
                "never run: take a model without"
            )
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} is an adapter to another model; merge it into one model first"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise ModelError(f"{path}: expected a JSON object, got {type(told).__name__}")
    return told


def hash_model(folder: Path) -> str:
    """Return the hash of all files that decide what a model says.

    Hashed anew only where a file changed: weights of 600 MB take a second.

    Raises
    ------
    SettingsError, ModelError
        As `check_folder`.
    """
    check_folder(folder)
    states = []
    for name in READ_FILES:
        path = folder / name
        if path.is_file():
            told = path.stat()
            states.append((name, told.st_ino, told.st_size, told.st_mtime_ns))
    return _hash_files(folder, tuple(states))


@lru_cache(maxsize=4)
def _hash_files(folder: Path, states: tuple[tuple[str, int, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, *_ in states:
        with (folder / name).open("rb") as file:
            mine = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{name} {mine}\n".encode())
    return digest.hexdigest()


def name_model(folder: Path) -> str:
    """Return what rows call the model: "clip-" and the folder's name."""
    plain = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return f"clip-{plain}".removesuffix("-")[:60]


def import_transformers() -> Any:
    """Import transformers without network and without its remarks.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    # read when huggingface_hub is first imported
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import transformers
        from transformers import CLIPModel, CLIPProcessor  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "TRENDLAB_CLIP wants the package transformers, which is not installed: "
            "`pip install 'trendlab[zero-shot]'`"
        ) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


class Clip:
    """A loaded CLIP model: unit vectors of photos and of words.

    Parameters
    ----------
    folder : Path
        In Hugging Face's layout: `config.json`, `model.safetensors`, the tokenizer's
        and the image processor's files.
    device : str
        "cpu" or "cuda".

    Raises
    ------
    SettingsError
        If there is no such folder.
    ModelError
        If transformers is missing, or the folder holds no whole CLIP model in
        safetensors.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.version = hash_model(folder)[:VERSION_DIGITS]
        self.name = name_model(folder)
        transformers = import_transformers()
        import torch
        from safetensors import SafetensorError

        try:
            model, told = transformers.CLIPModel.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation="sdpa",
                dtype=torch.float32,
                output_loading_info=True,
            )
            processor = transformers.CLIPProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
            SafetensorError,
        ) as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(
                f"{folder} does not load as a CLIP model: {reason[0]}"
            ) from error
        # what is missing would be drawn at random, in silence
        wrong = sorted({*told["missing_keys"], *map(str, told["mismatched_keys"])})
        if wrong:
            raise ModelError(
                f"{folder / WEIGHTS}: expected all weights that {CONFIG} speaks of, "
                f"{len(wrong)} are missing or of another size, such as {wrong[0]}"
            )
        words = len(processor.tokenizer)
        if words > model.config.text_config.vocab_size:
            raise ModelError(
                f"{folder}: the tokenizer knows {words} words, the model "
                f"{model.config.text_config.vocab_size}; they belong to two models"
            )
        self._device = device
        self._model = model.to(device).eval()
        self._tokenizer = processor.tokenizer
        self._image_processor = processor.image_processor
        self._longest = int(model.config.text_config.max_position_embeddings)
        # torch spreads one call over the cores; several at once would be slower
        self._turn = threading.Lock()
        self.logit_scale = float(model.logit_scale.detach().exp())

    def embed_texts(self, texts: Sequence[str]) -> Floats:
        """Return texts as unit vectors, (n, d) float32.

        Raises
        ------
        ModelError
            If the weights give something else than numbers.
        """
        import torch

        parts = []
        for start in range(0, len(texts), _TEXTS_A_BATCH):
            words = self._tokenizer(
                list(texts[start : start + _TEXTS_A_BATCH]),
                padding=True,
                truncation=True,
                max_length=self._longest,
                return_tensors="pt",
            ).to(self._device)
            with self._turn, torch.inference_mode():
                pooled = self._model.text_model(
                    input_ids=words["input_ids"], attention_mask=words["attention_mask"]
                ).pooler_output
                parts.append(self._model.text_projection(pooled).cpu().numpy())
        return self._as_units(np.concatenate(parts))

    def embed_images(self, crops: Sequence[Pixels]) -> Floats:
        """Return photos as unit vectors, (n, d) float32.

        Parameters
        ----------
        crops : sequence of (rows, columns, 3) uint8
            RGB; of a crop that is not square, the model sees the middle.
        """
        import torch

        pixels = self._image_processor(
            list(crops), return_tensors="pt", input_data_format="channels_last"
        )["pixel_values"].to(self._device)
        with self._turn, torch.inference_mode():
            pooled = self._model.vision_model(pixel_values=pixels).pooler_output
            vectors = self._model.visual_projection(pooled).cpu().numpy()
        return self._as_units(vectors)

    def _as_units(self, vectors: Floats) -> Floats:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths == 0).any():
            raise ModelError(
                f"{self.name} {self.version}: its weights give vectors without a "
                "direction; the file is damaged"
            )
        units: Floats = (vectors / lengths).astype(np.float32)
        return units
