"""An exported model in both formats, and a server of it: the fixtures of the packages that make them."""

from tests.ondevice.conftest import tflite  # noqa: F401
from tests.serving.conftest import exported, server, vae  # noqa: F401
