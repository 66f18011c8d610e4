"""The optional packages that an export needs."""

from collections.abc import Sequence

from tfgen.extras import check_installed

#: Format → extra, and names of its packages.
_PACKAGES = {
    "saved_model": ("export", ("tensorflow_serving",)),
    "tflite": ("export", ("ai_edge_litert",)),
    "onnx": ("onnx", ("tf2onnx", "onnxruntime")),
}


def check_packages(formats: Sequence[str], quantize: Sequence[str] = ("none",)) -> None:
    """Raise `ConfigError` if a package is missing that an export to some formats needs. Nothing is imported.

    Args:
        formats, quantize: as for `tfgen.export.pipeline.export`.
    """
    for name in formats:
        extra, packages = _PACKAGES[name]
        if name == "tflite" and set(quantize) - {"none"}:
            packages = (*packages, "ai_edge_quantizer")
        check_installed(packages, extra, f"--to {name}")
