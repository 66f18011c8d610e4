"""Which models stay in memory, when a model is loaded again, and that one thread computes at a time."""

import os
import shutil
import threading
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from tfgen.app.catalogue import Catalogue
from tfgen.app.model_cache import ModelCache
from tfgen.errors import RunError


class CountingCatalogue:
    """A catalogue of runs whose models are (name, number of times the model was loaded)."""

    def __init__(self, folder, *names):
        self.folder, self.loads = folder, dict.fromkeys(names, 0)
        for name in names:
            (folder / name).touch()

    def model_run(self, name):
        return SimpleNamespace(
            path=self.folder / name, model_file=self.folder / name, load_model=lambda: self.load(name)
        )

    def load(self, name):
        self.loads[name] += 1
        return name, self.loads[name]


def use(models, *names):
    for name in names:
        with models.using(name) as model:
            assert model[0] == name


def test_a_model_is_loaded_at_its_first_use_and_stays_in_memory(tmp_path):
    catalogue = CountingCatalogue(tmp_path, "a", "b")
    use(ModelCache(catalogue), "a", "a", "a")
    assert catalogue.loads == {"a": 1, "b": 0}


def test_the_most_recently_used_models_stay(tmp_path):
    catalogue = CountingCatalogue(tmp_path, *"abcd")
    models = ModelCache(catalogue, capacity=3)
    use(models, *"abca")  # b is the least recently used model.
    use(models, *"dca")
    assert catalogue.loads == dict.fromkeys("abcd", 1)
    use(models, "b")
    assert catalogue.loads["b"] == 2
    for _ in range(5):
        use(models, *"abcd")
        assert len(models._models) == 3


def test_a_model_with_a_new_file_is_loaded_again_and_the_old_one_is_freed(tmp_path):
    catalogue = CountingCatalogue(tmp_path, "a", "b")
    models = ModelCache(catalogue)
    for time in (1, 2, 3):
        os.utime(tmp_path / "a", ns=(time, time))
        with models.using("a") as model:
            assert model == ("a", time)
        use(models, "b")
    assert catalogue.loads == {"a": 3, "b": 1}
    assert len(models._models) == 2


def test_a_file_that_disappears_gives_a_message(tmp_path):
    catalogue = CountingCatalogue(tmp_path, "a")
    models = ModelCache(catalogue)
    use(models, "a")
    (tmp_path / "a").unlink()
    with pytest.raises(RunError, match=r"Expected the model of a\. Received: no file"):
        use(models, "a")


def test_loading_is_tried_again_after_an_error(tmp_path):
    catalogue = CountingCatalogue(tmp_path, "a")
    catalogue.load = lambda name: (_ for _ in ()).throw(RunError("Expected a model"))
    models = ModelCache(catalogue)
    with pytest.raises(RunError):
        use(models, "a")
    del catalogue.load
    use(models, "a")


def test_two_threads_never_compute_at_once(tmp_path):
    models = ModelCache(CountingCatalogue(tmp_path, *"abcde"), capacity=2)
    inside, most, computed = 0, 0, []
    start = threading.Barrier(8)

    def compute(number):
        nonlocal inside, most
        start.wait()
        for name in "abcde":
            with models.using(name) as model:
                inside += 1
                most = max(most, inside)
                threading.Event().wait(0.001)
                computed.append(model[0])
                inside -= 1

    threads = [threading.Thread(target=compute, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert sorted(computed) == sorted(8 * "abcde")


def test_the_lock_is_released_when_a_computation_fails(tmp_path):
    models = ModelCache(CountingCatalogue(tmp_path, "a"))
    with pytest.raises(ZeroDivisionError), models.using("a"):
        1 / 0  # noqa: B018
    other = threading.Thread(target=use, args=(models, "a"), daemon=True)
    other.start()
    other.join(10)
    assert not other.is_alive()


def test_a_run_can_be_replaced_broken_and_deleted_while_its_model_is_loaded(shelf, tmp_path):
    shutil.copytree(shelf / "vae", tmp_path / "mine")
    file = tmp_path / "mine" / "model.keras"
    models = ModelCache(Catalogue(tmp_path))
    with models.using("mine") as model:
        first = model.sample(2, seed=3).numpy()
        # The loaded model still works after its file was deleted.
        shutil.rmtree(tmp_path / "mine")
        np.testing.assert_array_equal(model.sample(2, seed=3), first)
    with pytest.raises(RunError, match="does not exist or was removed"), models.using("mine"):
        pass
    shutil.copytree(shelf / "vae-plane", tmp_path / "mine")
    os.utime(file)
    with models.using("mine") as model:
        assert model.latent_shape == (2,)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"mine: model\.keras cannot be read"), models.using("mine"):
        pass


def test_another_archive_gives_a_message(shelf, tmp_path):
    shutil.copytree(shelf / "vae", tmp_path / "mine")
    with zipfile.ZipFile(tmp_path / "mine" / "model.keras", "w") as archive:
        archive.writestr("a.txt", "no model")
    with pytest.raises(RunError, match=r"Expected a model saved by tfgen in .*model\.keras"):
        use(ModelCache(Catalogue(tmp_path)), "mine")
