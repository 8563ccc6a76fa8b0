"""A CLIP model of a few thousand weights, random, in Hugging Face's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trendlab.vision.clip import import_transformers

SIDE_PX = 32


def write_clip(folder: Path, *, seed: int = 0, **more: Any) -> Path:
    """Write weights, configuration, a tokenizer of single letters, a processor."""
    transformers = import_transformers()
    import torch

    letters = [chr(code) for code in range(ord("!"), ord("~") + 1)]
    words = [*letters, *(f"{one}</w>" for one in letters)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    numbers = {word: number for number, word in enumerate(words)}
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1}
    small: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    text = {**small, **ends, "vocab_size": len(words), "max_position_embeddings": 77}
    config = transformers.CLIPConfig(
        text_config={**text, **more},
        vision_config={**small, "image_size": SIDE_PX, "patch_size": 16},
        projection_dim=8,
        # as sure of itself as the published ones: cosines are scaled by 100
        logit_scale_init_value=4.6052,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        transformers.CLIPModel(config).save_pretrained(folder)
    transformers.CLIPProcessor(
        image_processor=transformers.CLIPImageProcessor(
            size={"shortest_edge": SIDE_PX},
            crop_size={"height": SIDE_PX, "width": SIDE_PX},
        ),
        tokenizer=transformers.CLIPTokenizer(vocab=numbers, merges=[]),
    ).save_pretrained(folder)
    return folder
