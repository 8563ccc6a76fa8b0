from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

# A process of its own: what is looked up at the first tensor is looked up once.
FIRST_TENSORS = """
import os, sys, threading
from pathlib import Path
import numpy as np
import openvino as ov
from trendlab.vision.runtime import OpenVinoModel

model = OpenVinoModel(lambda: ov.Core().read_model(sys.argv[1]), "tiny", None)
both = threading.Barrier(2)

def infer():
    both.wait()
    model.infer([np.ones((1, 3), np.float32)], 1)

sys.setswitchinterval(1e-6)
lanes = [threading.Thread(target=infer, daemon=True) for _ in range(2)]
for lane in lanes:
    lane.start()
for lane in lanes:
    lane.join(20)
os._exit(any(lane.is_alive() for lane in lanes))
"""


def test_the_first_photos_of_two_lanes_do_not_wait_for_each_other(
    tmp_path: Path,
) -> None:
    given = ops.parameter([-1, 3], np.float32)
    ov.save_model(ov.Model([ops.relu(given)], [given], "tiny"), tmp_path / "tiny.xml")
    for _ in range(3):
        ended = subprocess.run(
            [sys.executable, "-c", FIRST_TENSORS, str(tmp_path / "tiny.xml")],
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0
