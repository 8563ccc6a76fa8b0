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
import numpy.typing as npt

from trendlab.vision.images import Pixels

Floats = npt.NDArray[np.float32]

# Maps of the head; as many of the neck follow them.
HEAD_MAPS_COUNT = 3

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

    def run(self, batch: Pixels, *, with_neck: bool) -> list[Floats]:
        """Run one batch; thread-safe.

        Parameters
        ----------
        batch : (photos, rows, columns, 3) uint8
            RGB.
        with_neck : bool
            Give the maps that the head reads too.

        Returns
        -------
        list of (photos, channels, rows, columns) float32
            Three maps of the head, then three of the neck, finest first.
        """
        ...


class OpenVinoModel:
    """A model compiled for a CPU by OpenVINO, one stream a core; thread-safe.

    Parameters
    ----------
    convert : callable
        Makes the OpenVINO model; called only where there is no export yet.
    key : str
        Hash of the weights.
    cache : Path or None
        Folder for exports; None keeps them in memory.
    """

    def __init__(
        self, convert: Callable[[], Any], key: str, cache: Path | None
    ) -> None:
        import openvino as ov

        # two lanes that look up numpy at their first tensors wait for each other, for
        # good (OpenVINO 2026.4); looked up before, it is there
        ov.Type.f32.to_dtype()
        self.lanes_count = max(1, len(os.sched_getaffinity(0)))
        core = ov.Core()
        model = _exported(core, convert, key, cache)
        compiled = core.compile_model(
            model,
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "NUM_STREAMS": str(self.lanes_count),
                "INFERENCE_NUM_THREADS": str(self.lanes_count),
                # a second model's streams (people) would be tied to the same cores,
                # and wait there while another is free
                "ENABLE_CPU_PINNING": "NO",
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

    def infer(self, inputs: Sequence[npt.NDArray[Any]], count: int) -> list[Floats]:
        """Return copies of the first `count` outputs."""
        with self._request() as request:
            request.infer(list(inputs), share_inputs=True)
            return [
                np.array(request.get_output_tensor(number).data, np.float32)
                for number in range(count)
            ]


class OpenVinoRuntime:
    """Runs a detector's network on a CPU by OpenVINO.

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
        self, network: Callable[[], Any], key: str, cache: Path | None
    ) -> None:
        def convert() -> Any:
            import torch

            sample = torch.zeros(1, 3, _TRACE_SIDE_PX, _TRACE_SIDE_PX)
            return convert_network(network(), (sample,), [[-1, 3, -1, -1]], scale=255.0)

        self.name = "openvino-cpu"
        self.batch_count = 1
        self._model = OpenVinoModel(convert, key, cache)
        self.lanes_count = self._model.lanes_count

    def run(self, batch: Pixels, *, with_neck: bool) -> list[Floats]:
        """Run one batch; the maps are copies."""
        count = 2 * HEAD_MAPS_COUNT if with_neck else HEAD_MAPS_COUNT
        return self._model.infer([batch], count)


def _exported(
    core: Any, convert: Callable[[], Any], key: str, cache: Path | None
) -> Any:
    if cache is None:
        return convert()
    import openvino as ov

    version = ov.get_version().split("-")[0]
    folder = cache / f"{key[:16]}-openvino-{version}-{EXPORT_VERSION}"
    if not (folder / "model.xml").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=cache, prefix=".export-"))
        try:
            ov.save_model(convert(), fresh / "model.xml", compress_to_fp16=True)
            # another process may have been faster; its export is as good
            if not folder.exists():
                fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return core.read_model(folder / "model.xml")


def convert_network(
    network: Any, samples: tuple[Any, ...], shapes: list[list[int]], scale: float
) -> Any:
    """Convert a PyTorch network to an OpenVINO model that takes RGB bytes.

    Parameters
    ----------
    network : torch.nn.Module
    samples : tuple of torch.Tensor
        What it is traced on, in the order of its inputs; pixels first.
    shapes : list of list of int
        Of the inputs of the model, -1 where any size goes.
    scale : float
        What the bytes are divided by.
    """
    import openvino as ov
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    from openvino.preprocess import PrePostProcessor

    with warnings.catch_warnings(), torch.inference_mode():
        # torch would rather have torch.export; OpenVINO reads traces more quietly
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(network.float().eval(), samples, check_trace=False)
        # the decoder must outlive the conversion that calls back into it
        decoder = TorchScriptPythonDecoder(traced)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape(
        {
            one: ov.PartialShape(shape)
            for one, shape in zip(model.inputs, shapes, strict=True)
        }
    )
    steps = PrePostProcessor(model)
    steps.input(0).tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input(0).model().set_layout(ov.Layout("NCHW"))
    steps.input(0).preprocess().convert_element_type(ov.Type.f32).scale(scale)
    return steps.build()
