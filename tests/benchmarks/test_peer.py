"""The networks in PyTorch are tfgen's: as many weights, and the same outputs for the same weights."""

import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[2]))

torch = pytest.importorskip("torch")

from benchmarks.networks import Network  # noqa: E402
from benchmarks.ours.model import prepared  # noqa: E402
from benchmarks.peer.build import build  # noqa: E402
from benchmarks.peer.conv import mirrored  # noqa: E402
from benchmarks.peer.copy_weights import copy_weights  # noqa: E402
from benchmarks.peer.optimizers import orthogonalized  # noqa: E402

MLP = Network("vae", "tutorial", {"hidden": (12, 7), "latent_dim": 3, "batch_size": 4}, (8, 8, 1))
CONV = Network("vae", "tutorial", {"arch": "conv", "filters": 3, "latent_dim": 3, "batch_size": 4})
GAN = Network("gan", "tutorial", {"generator_hidden": (6, 5), "discriminator_hidden": (7,), "batch_size": 4}, (8, 8, 1))
FLOW = Network("flow", "autoregressive-small", {"width": 17, "blocks": 3, "batch_size": 4}, (8, 8, 1))


class Given:
    """A generator of noise that returns given arrays."""

    def __init__(self, array):
        self.array = array

    def normal(self, name, shape):
        return tf.constant(self.array)

    uniform = normal


def both(network: Network):
    """tfgen's model and its peer with the same random weights, and four pictures."""
    model, batches = prepared(network)
    generator = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(size=variable.shape).astype(np.float32) * 0.2)
    peer = build(network).eval()
    is_conv = network.options.get("arch") == "conv"
    copy_weights(peer, [variable.numpy() for variable in model.trainable_variables], mirrored=is_conv)
    pictures = batches.at(0).numpy()
    return model, peer, pictures, torch.from_numpy(pictures.transpose(0, 3, 1, 2).copy())


@pytest.mark.parametrize("network", [MLP, CONV, GAN, FLOW], ids=["mlp", "conv", "gan", "flow"])
def test_the_peer_has_as_many_weights(network):
    model, peer, *_ = both(network)
    ours = sum(np.prod(variable.shape) for variable in model.trainable_variables)
    assert sum(parameter.numel() for parameter in peer.parameters()) == ours


@pytest.mark.parametrize("network", [MLP, CONV], ids=["mlp", "conv"])
def test_a_vae_has_the_same_bound_and_the_same_decoder(network):
    model, peer, pictures, tensors = both(network)
    latent = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)
    losses = model.losses_of(pictures, Given(latent))
    flip = mirrored if network is CONV else lambda pictures: pictures
    with torch.no_grad():
        found = peer(flip(tensors), torch.from_numpy(latent))
        decoded = flip(torch.sigmoid(peer.decoder(torch.from_numpy(latent))))
    np.testing.assert_allclose(found.numpy(), losses["loss"].numpy(), rtol=1e-5)
    np.testing.assert_allclose(decoded.numpy().transpose(0, 2, 3, 1), model.decode(latent).numpy(), atol=1e-6)


def test_a_gan_has_the_same_losses():
    model, peer, pictures, tensors = both(GAN)
    latent = np.random.default_rng(2).normal(size=(4, 32)).astype(np.float32)
    losses = model.losses_of(pictures, Given(latent))
    with torch.no_grad():
        of_discriminator = peer.discriminator_loss(tensors, torch.from_numpy(latent))
        of_generator = peer.generator_loss(torch.from_numpy(latent))
    assert of_discriminator.item() == pytest.approx(losses["discriminator_loss"].numpy().mean(), rel=1e-5)
    assert of_generator.item() == pytest.approx(losses["generator_loss"].numpy().mean(), rel=1e-5)


def test_a_flow_has_the_same_likelihood():
    model, peer, pictures, tensors = both(FLOW)
    uniform = np.random.default_rng(2).uniform(size=(4, 8, 8, 1)).astype(np.float32)
    losses = model.losses_of(pictures, Given(uniform))
    with torch.no_grad():
        found = peer(tensors, torch.from_numpy(uniform.transpose(0, 3, 1, 2).copy()))
    np.testing.assert_allclose(found.numpy(), losses["loss"].numpy(), rtol=1e-4)


def test_a_flow_generates_the_same_pictures():
    from benchmarks.peer.generation import generate

    model, peer, *_ = both(FLOW)
    latent = np.random.default_rng(2).normal(size=(4, 64)).astype(np.float32)
    # The latents of tfgen's flow are in the order of its last squeeze.
    ours = model.flow.bijector.forward(tf.constant(latent)).numpy()
    pictures = tf.nn.depth_to_space(latent.reshape(4, 2, 2, 16), 4).numpy()[..., 0]
    x = generate(peer, torch.from_numpy(pictures))
    y = (torch.sigmoid(peer.scale * x) - peer.alpha) / (1 - 2 * peer.alpha)
    # Each pixel multiplies the rounding errors of earlier pixels.
    np.testing.assert_allclose(y.numpy(), ours[..., 0], atol=2e-3)


def test_one_update_of_muon_is_that_of_tfgen():
    from tfgen.training.optimizers import Muon

    generator = np.random.default_rng(3)
    kernel, gradient = (generator.normal(size=(2, 3, 20, 24)).astype(np.float32) for _ in range(2))
    import keras

    variable = keras.Variable(kernel, name="kernel")
    optimizer = Muon(0.01)
    optimizer.build([variable])
    optimizer.apply([tf.constant(gradient)], [variable])
    from benchmarks.peer.optimizers import Muon as PeerMuon

    parameter = torch.nn.Parameter(torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy()))
    parameter.grad = torch.from_numpy(gradient.transpose(3, 2, 0, 1).copy())
    PeerMuon([parameter], 0.01).step()
    np.testing.assert_allclose(parameter.detach().numpy().transpose(2, 3, 1, 0), variable.numpy(), atol=1e-5)


def test_orthogonalized_matrices_have_singular_values_near_one():
    matrices = torch.from_numpy(np.random.default_rng(4).normal(size=(2, 30, 20)).astype(np.float32))
    singular = torch.linalg.svdvals(orthogonalized(matrices))
    assert singular.min() > 0.6 and singular.max() < 1.3
