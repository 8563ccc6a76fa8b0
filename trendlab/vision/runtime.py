"""Where the network runs: a GPU in half precision, a CPU by OpenVINO, or PyTorch.

Each takes a batch of RGB bytes and gives the same maps, so that the rest need
not know. OpenVINO's export is kept under the home, named by the hash of the
weights; its converter is called without the part that reports to its maker.
"""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from trendlab.vision.images import Pixels

# Raised when the exported graph changes shape or meaning; older caches are left.
EXPORT_VERSION = "1"

# The export is traced on this size; every other multiple of 32 runs too.
_TRACE_SIDE_PX = 64


class Runtime(Protocol):
    """Runs a network on batches.

    Parameters
    ----------
    name : str
        For logs and benchmarks, for example ``openvino-cpu``.
    lanes_count : int
        Batches that may run at the same time.
    batch_count : int
        Photos a batch that suit the device.
    """

    name: str
    lanes_count: int
    batch_count: int

    def run(self, batch: Pixels) -> list[torch.Tensor]:
        """Run one batch, (photos, rows, columns, 3) uint8 RGB; thread-safe."""
        ...


class HeadAndNeck(nn.Module):  # type: ignore[misc]
    """The network up to the raw head, with the maps that the head reads.

    Parameters
    ----------
    layers : torch.nn.Sequential
        Layers of an ultralytics detection model, the head last.
    saved : sequence of int
        Layers whose output a later one reads.
    """

    def __init__(self, layers: nn.Sequential, saved: Sequence[int]) -> None:
        super().__init__()
        self.layers = layers
        self.saved = set(saved)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return three head maps, then three neck maps, finest first."""
        here = pixels
        outputs: list[Any] = []
        *body, head = list(self.layers)
        for number, layer in enumerate(body):
            here = layer(_inputs_of(layer, here, outputs))
            outputs.append(here if number in self.saved else None)
        neck = [outputs[number] for number in head.f]
        raw = [
            torch.cat((sides(level), classes(level)), 1)
            for sides, classes, level in zip(head.cv2, head.cv3, neck, strict=True)
        ]
        return (*raw, *neck)


def _inputs_of(layer: Any, here: torch.Tensor, outputs: Sequence[Any]) -> Any:
    if isinstance(layer.f, int):
        return here if layer.f == -1 else outputs[layer.f]
    return [here if number == -1 else outputs[number] for number in layer.f]


class TorchRuntime:
    """Runs the network by PyTorch, in half precision on a GPU."""

    def __init__(self, network: HeadAndNeck, device: str) -> None:
        self.name = f"torch-{device}"
        self.lanes_count = 1
        self.batch_count = 64 if device.startswith("cuda") else 4
        self._device = torch.device(device)
        self._type = torch.float16 if self._device.type == "cuda" else torch.float32
        self._network = network.to(self._device, self._type).eval()
        self._network = self._network.to(memory_format=torch.channels_last)

    def run(self, batch: Pixels) -> list[torch.Tensor]:
        """Run one batch; maps come back on the CPU as float32."""
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
            maps = self._network(pixels.to(self._type) / 255)
            return [one.float().cpu() for one in maps]


class OpenVinoRuntime:
    """Runs the network on a CPU by OpenVINO, one stream a core.

    Parameters
    ----------
    network : callable
        Builds the network; called only where there is no export yet.
    key : str
        Hash of the weights.
    cache : Path or None
        Folder for exports; None keeps them in memory.
    """

    def __init__(
        self, network: Callable[[], HeadAndNeck], key: str, cache: Path | None
    ) -> None:
        import openvino as ov

        self.name = "openvino-cpu"
        self.batch_count = 1
        self.lanes_count = max(1, len(os.sched_getaffinity(0)))
        core = ov.Core()
        model = _exported(core, network, key, cache)
        compiled = core.compile_model(
            model,
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "NUM_STREAMS": str(self.lanes_count),
                "INFERENCE_NUM_THREADS": str(self.lanes_count),
            },
        )
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.lanes_count):
            self._free.put(compiled.create_infer_request())

    @contextmanager
    def _request(self) -> Iterator[Any]:
        request = self._free.get()
        try:
            yield request
        finally:
            self._free.put(request)

    def run(self, batch: Pixels) -> list[torch.Tensor]:
        """Run one batch; the maps are copies."""
        with self._request() as request:
            request.infer([batch], share_inputs=True)
            return [
                torch.from_numpy(np.array(request.get_output_tensor(number).data))
                for number in range(6)
            ]


def _exported(
    core: Any, network: Callable[[], HeadAndNeck], key: str, cache: Path | None
) -> Any:
    if cache is None:
        return _convert(network())
    import openvino as ov

    version = ov.get_version().split("-")[0]
    folder = cache / f"{key[:16]}-openvino-{version}-{EXPORT_VERSION}"
    if not (folder / "model.xml").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache, prefix=".export-"))
        try:
            ov.save_model(
                _convert(network()), fresh / "model.xml", compress_to_fp16=True
            )
            # another process may have been faster; its export is as good
            if not folder.exists():
                fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return core.read_model(folder / "model.xml")


def _convert(network: HeadAndNeck) -> Any:
    """Convert to an OpenVINO model that takes RGB bytes of any batch and size."""
    import openvino as ov
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    from openvino.preprocess import PrePostProcessor

    sample = torch.zeros(1, 3, _TRACE_SIDE_PX, _TRACE_SIDE_PX)
    with warnings.catch_warnings(), torch.inference_mode():
        # torch would rather have torch.export; OpenVINO reads traces more quietly
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(network.float().eval(), sample, check_trace=False)
        # the decoder must outlive the conversion that calls back into it
        decoder = TorchScriptPythonDecoder(traced)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({model.inputs[0]: ov.PartialShape([-1, 3, -1, -1])})
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input().model().set_layout(ov.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(ov.Type.f32).scale(255.0)
    return steps.build()
