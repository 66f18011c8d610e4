"""A web server for the built page and the exported models. The browser fetches nothing else."""

import json
import urllib.parse
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tfgen.errors import ConfigError, RunError
from tfgen.ondevice.web.build import build_page

#: Content Security Policy: the browser loads nothing from other addresses, whatever the page contains.
#: `wasm-unsafe-eval` allows LiteRT.js to compile its WebAssembly.
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:; object-src 'none'"


def serve(
    model: str | Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    report: Callable[[str], Any] = print,
) -> None:
    """Serve the page and the models of an export, until Ctrl-C.

    Args:
        model: a .tflite file, or a folder that `tfgen export` wrote.
        host: address to listen on.
        port: port, 0 for a free one.
        report: called with the address when the server accepts requests, and with a line if the page is built first.

    Raises:
        RunError: if there is no .tflite file, or if a file has another format.
        ConfigError: if the page cannot be built, the port is taken, or the host is not an address of this machine.
    """
    models = [checked(file) for file in model_files(model)]
    with make_server(models, build_page(report), host, port) as server:
        report(f"http://{host}:{server.server_address[1]}/  ({', '.join(path.name for path in models)})")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            report("stopped")


def model_files(path: str | Path) -> list[Path]:
    """Return the .tflite files of a path, `model.tflite` (which is not quantized) first.

    Args:
        path: a file, a folder with .tflite files, or a folder with a sub-folder `tflite`.

    Raises:
        RunError: if there is no .tflite file.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    for folder in (path, path / "tflite"):
        if found := sorted(folder.glob("*.tflite"), key=lambda file: (file.name != "model.tflite", file.name)):
            return found
    raise RunError(
        f"Expected a .tflite file or a folder that contains one. Received: {path}. Make one with: "
        "tfgen export RUN --to tflite"
    )


def checked(file: Path) -> Path:
    """Return the file if its format is TFLite.

    Raises:
        RunError: if the file has another format than TFLite.
    """
    # Bytes 4 to 7 of a FlatBuffers file identify its format.
    with file.open("rb") as stream:
        if stream.read(8)[4:] != b"TFL3":
            raise RunError(f"Expected a TFLite model. Received: {file}, which has another format")
    return file


def make_server(models: Sequence[Path], page: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of a built page and of models, bound to an address.

    Args:
        models: .tflite files with different names.
        page: folder of the built page.
        host, port: address to listen on.

    Raises:
        ConfigError: if the port is taken or the host is not an address of this machine.
    """
    handler = partial(RequestHandler, models={path.name: path for path in models}, directory=str(page))
    try:
        return ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise ConfigError(
            f"--host, --port: expected an address of this machine and a free port. Received: {host}, {port}: "
            f"{error.strerror or error}"
        ) from None


class RequestHandler(SimpleHTTPRequestHandler):
    """Serves the files of the page, `models.json` (a list of the models' names), and `models/NAME`.

    Args:
        models: name → file.
    """

    def __init__(self, *arguments, models: dict[str, Path], **options):
        self.models = models
        super().__init__(*arguments, **options)

    def do_GET(self):
        if self.path.partition("?")[0] != "/models.json":
            return super().do_GET()
        body = json.dumps([*self.models]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_head(self):
        """Respond with status 404 to an address that is no path, such as one with the character 0."""
        try:
            return super().send_head()
        except ValueError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None

    def translate_path(self, path):
        """Return the file of a URL path."""
        plain = urllib.parse.unquote(urllib.parse.urlsplit(path).path)
        if plain.startswith("/models/"):
            missing = Path(self.directory) / "no such model"
            return str(self.models.get(plain.removeprefix("/models/"), missing))
        return super().translate_path(path)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        # Browsers ask again each time, so that they show a new export at once.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format, *arguments):
        """Print nothing: the page shows its own status."""
