"""A CLIP folder of the user's: what is accepted, what is refused, what it gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs the extra zero-shot")

from safetensors.numpy import load_file, save_file

from tests.vision.tiny_clip import write_clip
from trendlab.errors import ModelError, SettingsError
from trendlab.vision.clip import WEIGHTS, Clip, check_folder, hash_model, name_model

TEXTS = ["a striped dress", "a dress"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "Fashion_CLIP")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "Fashion_CLIP"))


def change_json(path: Path, **more: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


def test_texts_and_photos_become_unit_vectors_the_same_each_time(whole: Path) -> None:
    first, second = Clip(whole), Clip(whole)
    crops = [np.full((40, 40, 3), level, np.uint8) for level in (0, 200)]
    for clip in (first, second):
        assert (clip.name, len(clip.version)) == ("clip-fashion-clip", 12)
    texts, photos = first.embed_texts(TEXTS), first.embed_images(crops)
    assert texts.shape == photos.shape == (2, 8)
    assert texts.dtype == photos.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(photos, axis=1), 1, atol=1e-6)
    assert not np.allclose(texts[0], texts[1])
    assert not np.allclose(photos[0], photos[1])
    np.testing.assert_array_equal(second.embed_texts(TEXTS), texts)
    np.testing.assert_array_equal(second.embed_images(crops), photos)


def test_a_text_says_the_same_beside_a_longer_one(whole: Path) -> None:
    clip = Clip(whole)
    alone = clip.embed_texts(["a dress"])
    beside = clip.embed_texts(["a dress", "a dress with a very long description " * 9])
    np.testing.assert_allclose(beside[0], alone[0], atol=1e-6)


def test_the_version_is_that_of_every_file_that_is_read(folder: Path) -> None:
    before = hash_model(folder)
    assert hash_model(folder) == before
    (folder / "README.md").write_text("not read")
    assert hash_model(folder) == before
    change_json(folder / "processor_config.json", added="something")
    assert hash_model(folder) != before


def test_a_missing_folder_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="found none; TRENDLAB_CLIP names"):
        Clip(tmp_path / "nowhere")


def test_a_folder_with_a_pickle_only_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"only pytorch_model\.bin: pickles"):
        Clip(folder)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match=r"expected model\.safetensors, found no"):
        Clip(folder)


def test_a_pickle_named_safetensors_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"\x80\x04cbuiltins\nprint\n(Vran\ntR.")
    with pytest.raises(ModelError, match="does not load as a CLIP model"):
        Clip(folder)


def test_another_kind_of_model_is_refused(folder: Path) -> None:
    change_json(folder / "config.json", model_type="siglip")
    with pytest.raises(ModelError, match="expected model_type 'clip', got 'siglip'"):
        Clip(folder)


@pytest.mark.parametrize("content", ["no JSON", "[]"])
def test_a_configuration_that_says_nothing_is_refused(
    folder: Path, content: str
) -> None:
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        Clip(folder)


def test_code_that_comes_with_a_model_is_refused(folder: Path) -> None:
    change_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": "x.Y"})
    with pytest.raises(ModelError, match="code that comes with the model"):
        check_folder(folder)


def test_an_adapter_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="is an adapter to another model"):
        check_folder(folder)


def test_missing_weights_are_not_drawn_at_random(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    del weights["visual_projection.weight"]
    save_file(weights, folder / WEIGHTS, {"format": "pt"})
    with pytest.raises(ModelError, match=r"such as visual_projection\.weight"):
        Clip(folder)


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    folder = write_clip(tmp_path / "small", vocab_size=120)
    with pytest.raises(ModelError, match="they belong to two models"):
        Clip(folder)


def test_weights_that_are_no_numbers_are_refused(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    weights["text_projection.weight"][:] = np.nan
    save_file(weights, folder / WEIGHTS, {"format": "pt"})
    with pytest.raises(ModelError, match="vectors without a direction"):
        Clip(folder).embed_texts(TEXTS)


@pytest.mark.parametrize(
    ("name", "told"),
    [("FashionCLIP 2.0", "clip-fashionclip-2-0"), ("___", "clip"), ("x" * 90, None)],
)
def test_models_are_named_by_their_folder(name: str, told: str | None) -> None:
    found = name_model(Path("models") / name)
    assert found == (told if told is not None else f"clip-{'x' * 55}")
