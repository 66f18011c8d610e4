"""An exported model in the browser: tfgen web exports/mnist-vae-1

Builds the page the first time, which takes npm (Node.js 20.19 or newer) and its registry; from then on, neither it nor
a network is needed. The page's own files and the model are all that is ever fetched.
"""

import hashlib
import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tfgen.errors import ConfigError, RunError

HERE = Path(__file__).parent

DIST = HERE / "dist"

SOURCES = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js", "src/*")

# Nothing but the page's own files, whatever is in them: the browser itself refuses any other address. LiteRT.js
# compiles WebAssembly.
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; object-src 'none'"


def model_files(path: str | Path) -> list[Path]:
    """The .tflite files that a path names: itself, those in it, or those in its folder `tflite`; model.tflite first.

    Raises:
        RunError: if there is none.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    for folder in (path, path / "tflite"):
        if found := sorted(folder.glob("*.tflite"), key=lambda file: (file.name != "model.tflite", file.name)):
            return found
    raise RunError(
        f"Expected a .tflite file, or a folder with some. Received: {path}. Make one with: tfgen export RUN --to tflite"
    )


def build() -> None:
    """Build the page, unless it was built from these very sources.

    Raises:
        ConfigError: if npm is missing or fails.
    """
    stamp, digest = DIST / ".sources", _digest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigError("Expected npm, of Node.js 20.19 or newer, to build the page once. Found none on the PATH")
    print("building the page, once", flush=True)
    for command in (["ci"], ["run", "build"]):
        done = subprocess.run([npm, *command], cwd=HERE, capture_output=True, text=True)
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
            raise ConfigError(f"Expected npm {' '.join(command)} to succeed in {HERE}. Received:\n{last}")
    stamp.write_text(digest)


def _digest() -> str:
    files = sorted(path for pattern in SOURCES for path in HERE.glob(pattern))
    return hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()


def make_server(models: Sequence[Path], host: str, port: int) -> ThreadingHTTPServer:
    """A server of the page and of these models. Raises `ConfigError` where the address or the port is not to be had."""
    handler = partial(Page, models={path.name: path for path in models}, directory=str(DIST))
    try:
        return ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise ConfigError(
            f"--host, --port: expected an address of this machine and a free port. Received: {host}, {port}: "
            f"{error.strerror or error}"
        ) from None


class Page(SimpleHTTPRequestHandler):
    """The built page, `models.json` with the models' names, and `models/NAME`.

    Args:
        models: name → file.
    """

    def __init__(self, *arguments, models: dict[str, Path], **options):
        self.models = models
        super().__init__(*arguments, **options)

    def do_GET(self):
        if urllib.parse.urlsplit(self.path).path != "/models.json":
            return super().do_GET()
        body = json.dumps([*self.models]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def translate_path(self, path):
        """The file behind a path of the address."""
        plain = urllib.parse.unquote(urllib.parse.urlsplit(path).path)
        if plain.startswith("/models/"):
            return str(self.models.get(plain.removeprefix("/models/"), DIST / "no such model"))
        return super().translate_path(path)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        # A model that was exported again is the new one at once.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format, *arguments):
        """Say nothing: the page has a status line of its own."""
