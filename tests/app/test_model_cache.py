"""Which models stay in memory, when one is loaded again, and that one computation runs at a time."""

import os
import shutil
import threading
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from tfgen.app.catalogue import Catalogue
from tfgen.app.model_cache import Engine
from tfgen.errors import RunError


class Shown:
    """A catalogue of runs whose models are the number of times that they were loaded."""

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


def ask(engine, *names):
    for name in names:
        with engine.using(name) as model:
            assert model[0] == name


def test_a_model_is_loaded_when_it_is_first_asked_for_and_then_stays(tmp_path):
    shown = Shown(tmp_path, "a", "b")
    ask(Engine(shown), "a", "a", "a")
    assert shown.loads == {"a": 1, "b": 0}


def test_the_models_used_last_stay(tmp_path):
    shown = Shown(tmp_path, *"abcd")
    engine = Engine(shown, keep=3)
    ask(engine, *"abca")  # b is the one that was not used for longest
    ask(engine, *"dca")
    assert shown.loads == dict.fromkeys("abcd", 1)
    ask(engine, "b")
    assert shown.loads["b"] == 2
    for _ in range(5):
        ask(engine, *"abcd")
        assert len(engine._models) == 3


def test_a_model_whose_file_was_replaced_is_loaded_again_and_the_old_one_let_go(tmp_path):
    shown = Shown(tmp_path, "a", "b")
    engine = Engine(shown)
    for time in (1, 2, 3):
        os.utime(tmp_path / "a", ns=(time, time))
        with engine.using("a") as model:
            assert model == ("a", time)
        ask(engine, "b")
    assert shown.loads == {"a": 3, "b": 1}
    assert len(engine._models) == 2


def test_a_file_that_goes_while_one_waits_is_a_sentence(tmp_path):
    shown = Shown(tmp_path, "a")
    engine = Engine(shown)
    ask(engine, "a")
    (tmp_path / "a").unlink()
    with pytest.raises(RunError, match=r"Expected the model of a\. Received: none"):
        ask(engine, "a")


def test_a_model_that_does_not_load_is_tried_again(tmp_path):
    shown = Shown(tmp_path, "a")
    shown.load = lambda name: (_ for _ in ()).throw(RunError("Expected a model"))
    engine = Engine(shown)
    with pytest.raises(RunError):
        ask(engine, "a")
    del shown.load
    ask(engine, "a")


def test_two_threads_never_compute_at_once(tmp_path):
    engine = Engine(Shown(tmp_path, *"abcde"), keep=2)
    inside, most, computed = 0, 0, []
    start = threading.Barrier(8)

    def compute(number):
        nonlocal inside, most
        start.wait()
        for name in "abcde":
            with engine.using(name) as model:
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


def test_the_turn_is_given_back_when_a_computation_fails(tmp_path):
    engine = Engine(Shown(tmp_path, "a"))
    with pytest.raises(ZeroDivisionError), engine.using("a"):
        1 / 0  # noqa: B018
    other = threading.Thread(target=ask, args=(engine, "a"), daemon=True)
    other.start()
    other.join(10)
    assert not other.is_alive()


def test_a_real_run_is_replaced_broken_and_deleted_while_its_model_is_loaded(shelf, tmp_path):
    shutil.copytree(shelf / "vae", tmp_path / "mine")
    file = tmp_path / "mine" / "model.keras"
    engine = Engine(Catalogue(tmp_path))
    with engine.using("mine") as model:
        first = model.sample(2, seed=3).numpy()
        # The model in use stays whole, whatever happens to its file.
        shutil.rmtree(tmp_path / "mine")
        np.testing.assert_array_equal(model.sample(2, seed=3), first)
    with pytest.raises(RunError, match="not there any more"), engine.using("mine"):
        pass
    shutil.copytree(shelf / "vae-plane", tmp_path / "mine")
    os.utime(file)
    with engine.using("mine") as model:
        assert model.latent_shape == (2,)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"mine: its model\.keras cannot be read"), engine.using("mine"):
        pass


def test_an_archive_of_something_else_is_a_sentence(shelf, tmp_path):
    shutil.copytree(shelf / "vae", tmp_path / "mine")
    with zipfile.ZipFile(tmp_path / "mine" / "model.keras", "w") as archive:
        archive.writestr("a.txt", "no model")
    with pytest.raises(RunError, match=r"Expected a model saved by tfgen .*model\.keras"):
        ask(Engine(Catalogue(tmp_path)), "mine")
