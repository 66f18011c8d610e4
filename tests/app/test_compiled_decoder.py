"""Pictures of the app are those of the model, before and after the program for one picture is compiled."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_except
from tfgen.app.compiled_decoder import CompiledDecoder


def noise(model, n: int) -> tf.Tensor:
    return tf.random.stateless_normal((n, int(np.prod(model.latent_shape))), [0, 1])


def decoded(model, normal) -> np.ndarray:
    return model.decode(model.latents_from(tf.reshape(normal, (-1, *model.latent_shape)))).numpy()


@pytest.mark.parametrize("name", slow_except(["vae-mixture", "gan", "flow"], "gan"))
def test_other_models_have_one_function_for_every_number_of_rows(tiny_models, name):
    model = tiny_models(name)
    decoder = CompiledDecoder(model)
    for rows in (1, 1, 3):
        normal = noise(model, rows)
        np.testing.assert_allclose(decoder(normal), decoded(model, normal), atol=1e-5)
    assert decoder.one_row is None


@pytest.mark.parametrize("name", slow_except(["gan", "flow-transformers"], "gan"))
def test_the_program_for_single_pictures_is_compiled_in_the_background(tiny_models, monkeypatch, name):
    if name == "gan":
        # A model that is traced and compiled quickly stands for a flow of transformers.
        monkeypatch.setattr("tfgen.app.compiled_decoder.has_guidance", lambda model: True)
    model = tiny_models(name)
    decoder, normal = CompiledDecoder(model), noise(model, 1)
    assert decoder.one_row is None
    before = decoder(normal).numpy()
    program = decoder.one_row.result(timeout=300)
    assert program.function_def.attr["_XlaMustCompile"].b
    np.testing.assert_allclose(decoder(noise(model, 3)), decoded(model, noise(model, 3)), atol=1e-5)
    # From now on, only the program can draw a single picture.
    monkeypatch.setattr(decoder, "_any_rows", None)
    for found in (before, decoder(normal)):
        np.testing.assert_allclose(found, decoded(model, normal), atol=1e-5)


def test_a_program_that_cannot_be_compiled_changes_no_picture(tiny_models, monkeypatch):
    def fail(self):
        raise tf.errors.UnimplementedError(None, None, "no such operator")

    monkeypatch.setattr("tfgen.app.compiled_decoder.has_guidance", lambda model: True)
    monkeypatch.setattr(CompiledDecoder, "_compile", fail)
    model = tiny_models("gan")
    decoder, normal = CompiledDecoder(model), noise(model, 1)
    decoder(normal)
    assert isinstance(decoder.one_row.exception(timeout=60), tf.errors.UnimplementedError)
    np.testing.assert_allclose(decoder(normal), decoded(model, normal), atol=1e-5)


@pytest.mark.parametrize("compiles", [False, True])
def test_the_decoder_does_not_keep_the_model_in_memory(monkeypatch, compiles):
    from tfgen.models import family

    monkeypatch.setattr("tfgen.app.compiled_decoder.has_guidance", lambda model: compiles)
    model = family("vae")((8, 8, 1), 17, hidden=(4,), latent_dim=2)
    decoder, reference = CompiledDecoder(model), weakref.ref(model)
    decoder(noise(model, 1))
    if compiles:
        decoder.one_row.result(timeout=300)
    del model
    gc.collect()
    assert reference() is None
