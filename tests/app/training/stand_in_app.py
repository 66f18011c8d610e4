"""The page with a stand-in for the training program and without models, until standard input ends.

python stand_in_app.py RUNS HOW
"""

import contextlib
import sys
from pathlib import Path

from tfgen.app.server import private_cache
from tfgen.errors import RunError
from tfgen.ports import free_port


class NoModels:
    """A model cache that refuses every model, so that the page imports no TensorFlow for it."""

    def begin_import(self):
        """Begin nothing: no model is used."""

    @contextlib.contextmanager
    def using(self, name):
        raise RunError("Nothing is computed here")
        yield


root, how = sys.argv[1:]
with private_cache():
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.context import Context
    from tfgen.app.page import build
    from tfgen.app.theme import settings
    from tfgen.app.trainer import Trainer

    trainer = Trainer(root, program=(sys.executable, "-u", str(Path(__file__).with_name("stand_in.py")), how))
    blocks = build(Context(Catalogue(root), NoModels(), trainer))  # type: ignore[arg-type]
    blocks.queue(default_concurrency_limit=8)
    _, url, _ = blocks.launch(server_port=free_port(), prevent_thread_lock=True, quiet=True, **settings())
    print(url, flush=True)
    sys.stdin.read()
    trainer.close()
    blocks.close(verbose=False)
