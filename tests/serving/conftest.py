"""A small exported model, and a server of it in its own process."""

import contextlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def vae():
    """An untrained VAE of 8×8 images. Its pictures differ between seeds."""
    import keras

    from tfgen import VAE

    keras.utils.set_random_seed(3)
    return VAE((8, 8, 1), levels=17, arch="mlp", hidden=(16,), latent_dim=3)


@pytest.fixture(scope="session")
def exported(vae, once) -> Path:
    """A folder as `tfgen export` writes it, with the versions 2 and 10."""

    def build(folder):
        from tfgen.export.saved_model import write_saved_model
        from tfgen.export.signatures import signatures

        (folder / "saved_model").mkdir()
        write_saved_model(signatures(vae), folder / "saved_model" / "10")
        shutil.copytree(folder / "saved_model" / "10", folder / "saved_model" / "2")

    return once("served-export", build)


class Server:
    """A server in its own process.

    Attributes:
        http: address for HTTP, with http://.
        grpc: address for gRPC, host:port.
    """

    def __init__(self, *arguments: str):
        command = [sys.executable, "-m", "tfgen", "serve", *arguments, "--port=0", "--grpc-port=0"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(3)]
        if self.process.poll() is not None or "gRPC" not in lines[2]:
            raise RuntimeError(f"The server did not start: {lines}")
        self.http = lines[1].split()[1].partition("/v1")[0]
        self.grpc = lines[2].split()[1]

    def stop(self) -> int:
        """Terminate the server and return its exit status."""
        self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.close()
        for _ in range(100):
            if self.process.poll() is not None:
                return self.process.returncode
            time.sleep(0.1)
        self.process.kill()
        raise RuntimeError("The server did not stop in 10 seconds.")


@pytest.fixture
def start_server():
    """A function that starts a server with arguments. It is stopped at the end of the test."""
    pytest.importorskip("kserve", reason="needs pip install 'tfgen[serve]'")
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> Server:
            running = Server(*arguments)
            stack.callback(running.stop)
            return running

        yield start


@pytest.fixture(scope="session")
def server(exported):
    """A running server of `exported`."""
    pytest.importorskip("kserve", reason="needs pip install 'tfgen[serve]'")
    running = Server(str(exported), "--max-batch=32")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def exported_conditional(conditional_model, once) -> Path:
    """A folder as `tfgen export` writes it, of a conditional model."""

    def build(folder):
        from tfgen.export.class_names import write_class_names
        from tfgen.export.saved_model import write_saved_model
        from tfgen.export.signatures import signatures

        (folder / "saved_model").mkdir()
        write_saved_model(signatures(conditional_model), folder / "saved_model" / "1")
        write_class_names(conditional_model.classes, folder / "saved_model" / "1" / "assets.extra")

    return once("served-conditional-export", build)


@pytest.fixture(scope="session")
def conditional_server(exported_conditional):
    """A running server of `exported_conditional`."""
    pytest.importorskip("kserve", reason="needs pip install 'tfgen[serve]'")
    running = Server(str(exported_conditional))
    yield running
    running.stop()
