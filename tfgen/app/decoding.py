"""How a flow makes pictures on the page: the weight of its guidance, and whether its noise is removed.

This module does not import Gradio.
"""

import contextlib
from typing import TYPE_CHECKING

from tfgen.app import validation
from tfgen.errors import UndefinedError

if TYPE_CHECKING:
    from tfgen.models.contract import GenerativeModel

#: Largest weight of the guidance, as in the configuration of a flow.
MOST_GUIDANCE = 20.0
#: What happens to the noise of a picture.
REMOVED, KEPT = "removed", "kept"


def has_guidance(model: "GenerativeModel") -> bool:
    """Return whether a model can guide its samples: a flow of transformers."""
    return bool(getattr(model.config, "transformers", 0))


def has_noise(model: "GenerativeModel") -> bool:
    """Return whether a model removes noise from its pictures: a flow that was trained with gaussian noise."""
    config = model.config
    return getattr(config, "dequantization", None) == "gaussian" and config.denoise


def usual_guidance(model: "GenerativeModel") -> float:
    """Return the weight that a model uses if none is chosen; 0 for a model without guidance."""
    return float(model.guidance) if has_guidance(model) else 0.0  # type: ignore[attr-defined]


def decoding(
    model: "GenerativeModel", guidance: float | None = None, noise: str = REMOVED
) -> contextlib.AbstractContextManager:
    """Return a context in which a model samples with this guidance, and removes the noise or keeps the noise.

    Args:
        model: the model.
        guidance: weight from 0 to 20; None for the model's own.
        noise: `REMOVED` or `KEPT`.

    Raises:
        ConfigError: if a value is out of range.
        UndefinedError: if the model has no guidance and the weight is not 0, or it has no noise to keep.
    """
    noise = validation.one_of("noise", noise, (REMOVED, KEPT))
    if guidance is not None:
        guidance = validation.float_in_range("guidance", guidance, 0.0, MOST_GUIDANCE)
    if guidance and not has_guidance(model):
        raise UndefinedError(f"guidance: expected 0, as only flows of transformers have one. Received: {guidance:g}")
    if noise == KEPT and not has_noise(model):
        raise UndefinedError(
            f"noise: expected {REMOVED!r}, as only flows that are trained with gaussian noise can keep noise. "
            f"Received: {noise!r}"
        )
    if not has_guidance(model) and noise == REMOVED:
        return contextlib.nullcontext()
    return model.decoding(guidance, False if noise == KEPT else None)  # type: ignore[attr-defined]


def description(model: "GenerativeModel", guidance: float | None, noise: str) -> str:
    """Return the part of a caption that names guidance and noise, if the model has them; "" otherwise."""
    parts = []
    if has_guidance(model):
        parts.append(f"guidance {usual_guidance(model) if guidance is None else guidance:g}")
    if has_noise(model):
        parts.append(f"noise {noise}")
    return "".join(f", {part}" for part in parts)
