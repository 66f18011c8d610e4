"""Small conditional models of digits, in runs."""

import shutil

import pytest

OPTIONS = {
    "vae": {"hidden": (16,), "latent_dim": 3, "likelihood": "logistic_mixture", "mixtures": 2},
    "flow": {
        "width": 8,
        "checkerboard": 1,
        "squeeze": (2,),
        "couplings": (1,),
        "blocks": 1,
        "dequantization": "uniform",
    },
    "gan": {"generator_hidden": (16,), "discriminator_hidden": (16,), "latent_dim": 4},
}


@pytest.fixture(scope="session")
def conditional_run(once, tmp_path_factory):
    """A function from "vae", "flow" or "gan" to a run of a conditional model of digits, trained for a few epochs."""
    from tfgen.runs.run import Run

    made = {}

    def build(name, folder):
        import keras

        from tfgen import data
        from tfgen.config.presets import run_config
        from tfgen.models import family

        digits = data.load("digits")
        keras.utils.set_random_seed(0)
        model = family(name)(
            (8, 8, 1), 17, classes=digits.classes, class_frequencies=digits.class_frequencies, **OPTIONS[name]
        )
        model.compile(keras.optimizers.Adam(1e-2))
        model.fit(digits.train.images, digits.train.labels, batch_size=64, epochs=4, verbose=0)
        model.save(Run.create_at(folder / "run", run_config(name, conditional=True, **OPTIONS[name])).model_file)

    def run(name):
        if name not in made:
            trained = once(f"conditional-{name}", lambda folder: build(name, folder)) / "run"
            # The commands write their measurements into the folder of the run.
            made[name] = Run.open(shutil.copytree(trained, tmp_path_factory.mktemp("runs") / f"digits-{name}-1"))
        return made[name]

    return run
