"""A program that imports only `tfgen` and Keras loads what tfgen's models and networks have saved."""

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import tfgen
from tfgen.config import TrainConfig
from tfgen.keras_classes import CLASSES, FUNCTIONS
from tfgen.networks import conv_encoder
from tfgen.training.optimizers import make_optimizer

PACKAGE = Path(tfgen.__file__).parent
DECORATOR = re.compile(r'@keras\.saving\.register_keras_serializable\("tfgen"(?:, (?:name=)?"(\w+)")?\)')
DEFINITION = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)


def test_every_registered_class_and_function_has_a_stand_in():
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        for match in DECORATOR.finditer(text):
            name = match[1] or DEFINITION.search(text, match.end())[1]
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            found.setdefault(module, set()).add(name)
    listed = {module: {*CLASSES.get(module, ()), *FUNCTIONS.get(module, ())} for module in {**CLASSES, **FUNCTIONS}}
    assert found == listed


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    vae = tfgen.VAE((8, 8, 1), 17, hidden=(16,), activation="leaky_relu")
    vae.compile(make_optimizer(TrainConfig(optimizer="muon", schedule="cosine"), 10))
    vae.save(folder / "vae.keras")
    tfgen.Flow((8, 8, 1), 17, width=4, autoregressive=True).save(folder / "flow.keras")
    conv_encoder((8, 8, 1), 4, filters=4, blocks=1, activation="leaky_relu").save(folder / "encoder.keras")
    np.save(folder / "sample.npy", vae.sample(2, seed=3))
    return folder


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        pytest.param("import keras, tfgen", "vae", marks=pytest.mark.slow),
        ("import tfgen, keras", "encoder"),
        pytest.param("import tfgen, keras", "flow", marks=pytest.mark.slow),
    ],
)
def test_load_model_finds_the_classes_in_either_order_of_imports(imports, name, files, tmp_path):
    program = (
        f"{imports}\nimport sys, numpy as np\n"
        "assert not {'tensorflow_probability', 'tfgen.models', 'tfgen.networks'} & set(sys.modules)\n"
        f"model = keras.models.load_model({str(files / f'{name}.keras')!r})\n"
        f"assert type(model).__module__.startswith(('tfgen', 'keras')), type(model)\n"
        f"model.save({str(tmp_path / 'again.keras')!r})\n"
        f"if {name == 'vae'}: np.testing.assert_array_equal(model.sample(2, seed=3), "
        f"np.load({str(files / 'sample.npy')!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert type(keras.models.load_model(tmp_path / "again.keras")).__name__ in ("VAE", "Flow", "Functional")


def test_import_tfgen_imports_neither_keras_nor_tensorflow():
    program = "import sys, tfgen; sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
