"""Names of architectures, and the model files behind them; read without loading torch.

ultralytics takes a model file of the working folder before its own, and fetches one
from an address. A card comes from strangers, so a name is looked up here: in the
installed package, and nowhere else.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from trendlab.errors import ModelError

# Detectors of the research that torchvision's parts make, and what each is.
BASELINES = {
    "ssd300": "SSD300 on VGG-16 with batch normalisation",
    "ssd300-fused": "SSD300 on VGG-16 with batch normalisation, conv4_3 joined with "
    "enlarged conv5_3",
    "ssd300-quarter": "ssd300 with a quarter of the channels",
    "ssd300-fused-quarter": "ssd300-fused with a quarter of the channels",
    "faster-rcnn": "Faster R-CNN on MobileNetV3-Large with a feature pyramid, photos "
    "at 320 px",
}

# yolov8n-seg.yaml is yolov8-seg.yaml at the scale n.
_MODEL_FILE = re.compile(r"(yolov?[0-9]+)([a-z])?(-[a-z0-9-]+)?\.yaml")
_SCALES = "nsmlx"


def find_model_file(name: str) -> tuple[Path, str]:
    """Find the model file of ultralytics that an architecture's name stands for.

    Parameters
    ----------
    name : str
        For example ``yolov8n.yaml``.

    Returns
    -------
    path : Path
        In the installed package.
    scale : str
        The letter in the name; empty where it has none.

    Raises
    ------
    ModelError
        If ultralytics has no such file.
    """
    named = _MODEL_FILE.fullmatch(name)
    if named is not None:
        version, scale, variant = named[1], named[2] or "", named[3] or ""
        spec = importlib.util.find_spec("ultralytics")
        if spec is None or spec.origin is None:
            raise ModelError("ultralytics is not installed")
        folder = Path(spec.origin).parent / "cfg" / "models"
        # some versions have a file a scale
        for stem in (f"{version}{variant}", f"{version}{scale}{variant}"):
            found = sorted(folder.glob(f"*/{stem}.yaml"))
            if found:
                return found[0], scale if scale in _SCALES else ""
    raise ModelError(
        "expected a model file of ultralytics such as yolov8n.yaml, or one of "
        f"{', '.join(BASELINES)}; got {name}"
    )


def read_model_file(name: str) -> dict[str, Any]:
    """Read the model file of an architecture, as ultralytics' networks take it.

    Raises
    ------
    ModelError
        If ultralytics has no such file.
    """
    path, scale = find_model_file(name)
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return content | {"scale": scale, "yaml_file": name}
