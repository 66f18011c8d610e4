"""The start of the app: the page comes first, TensorFlow behind it."""

import subprocess
import sys
import threading

from tfgen.app.catalogue import Catalogue
from tfgen.app.model_cache import ModelCache

#: Builds the page with its first pictures in a process in which neither TensorFlow nor matplotlib can be imported.
PROGRAM = """
import sys
for name in ("tensorflow", "keras", "tensorflow_probability", "matplotlib"):
    sys.modules[name] = None
from pathlib import Path
from tfgen.app.server import _page, private_cache
with private_cache():
    from tfgen.app.catalogue import Catalogue
    from tfgen.app.context import Context
    from tfgen.app.model_cache import ModelCache
    from tfgen.app.pictures import KEPT
    from tfgen.app.trainer import Trainer
    root = Path(sys.argv[1])
    catalogue = Catalogue(root)
    context = Context(catalogue, ModelCache(catalogue), Trainer(root))
    page = _page(context, read_only=False)
    shown = [each for each in page.config["components"] if (each["props"].get("elem_id") or "").startswith("family-")]
    pictures = {Path(each["props"]["value"]["path"]) for each in shown}
    # The cleanup of the cache never deletes them.
    print(len([each for each in pictures if each.stat().st_size and KEPT in each.parts]), len(catalogue.usable()))
"""


def test_the_page_and_its_first_pictures_need_neither_tensorflow_nor_matplotlib(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pictures, models = map(int, done.stdout.split())
    assert pictures == 3 and models >= 3


def test_the_import_of_gradio_compares_no_source_files_with_stubs():
    program = (
        "import ast\n"
        "from tfgen.app.gradio_import import fast_gradio_import\n"
        "parsed = []\n"
        "parse = ast.parse\n"
        "ast.parse = lambda source, *a, **k: parsed.append(source) or parse(source, *a, **k)\n"
        "with fast_gradio_import():\n"
        "    import gradio\n"
        "print(sum('class Dropdown' in str(source) for source in parsed))\n"
        "print(gradio.Dropdown(['one']).get_config()['choices'], hasattr(gradio.Dropdown, 'change'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0", "[('one', 'one')] True"]


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
