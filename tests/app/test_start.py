"""The start of the app: the page comes first, TensorFlow behind it."""

import subprocess
import sys
import threading

from tfgen.app.catalogue import Catalogue
from tfgen.app.model_cache import ModelCache

#: Builds the page, and reads the pictures that it shows first, in a process in which TensorFlow cannot be imported.
PROGRAM = """
import sys
for name in ("tensorflow", "keras", "tensorflow_probability"):
    sys.modules[name] = None
from pathlib import Path
from tfgen.app.server import _page, private_cache
with private_cache():
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.context import Context
    from tfgen.app.model_cache import ModelCache
    from tfgen.app.tabs.overview import _show
    from tfgen.app.trainer import Trainer
    root = Path(sys.argv[1])
    catalogue = Catalogue(root)
    context = Context(catalogue, ModelCache(catalogue), Trainer(root))
    _page(context, read_only=False)
    print(len(_show(context)), len(catalogue.usable()))
"""


def test_the_page_and_its_first_pictures_need_no_tensorflow(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pictures, models = map(int, done.stdout.split())
    assert pictures == 3 and models >= 3


def test_the_server_does_not_import_ipython(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tfgen.app.server import private_cache, serving\n"
        "with private_cache(), serving(Path(sys.argv[1])):\n"
        "    print(*sorted({'IPython', 'gradio'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["gradio"]


def test_tensorflow_is_imported_once_and_before_a_model_is_used(tmp_path, monkeypatch):
    started, may_end = [], threading.Event()

    def start(**options):
        started.append(options)
        assert may_end.wait(60)

    monkeypatch.setattr("tfgen.startup.start_tensorflow", start)
    models = ModelCache(Catalogue(tmp_path))
    models.begin_import()
    models.begin_import()
    used = []

    def use():
        with models.using("digits-vae") as model:
            used.append(model)

    user = threading.Thread(target=use)
    user.start()
    user.join(0.5)
    # The import goes on, and the model is not used before its end.
    assert not used
    may_end.set()
    user.join()
    models.wait()
    assert len(used) == len(started) == 1


def test_a_model_that_is_used_before_anybody_opened_the_page_begins_the_import(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("tfgen.startup.start_tensorflow", lambda **options: started.append(options))
    models = ModelCache(Catalogue(tmp_path))
    for _ in range(2):
        with models.using("digits-vae"):
            assert len(started) == 1
