"""The network in PyTorch for the configuration of a network of tfgen."""

from benchmarks.networks import Network
from benchmarks.peer.network import Peer


def build(network: Network) -> Peer:
    """Return the peer of a network.

    Raises:
        ValueError: if PyTorch has no such network here.
    """
    config = network.config.architecture
    if network.family == "vae" and config.arch in ("mlp", "conv") and config.likelihood == "bernoulli":
        from benchmarks.peer.vae import VAE

        return VAE(config, network.shape)
    if network.family == "gan" and config.arch == "mlp":
        from benchmarks.peer.gan import GAN

        return GAN(config, network.shape)
    if network.family == "flow" and getattr(config, "autoregressive", False):
        from benchmarks.peer.flow import Flow

        return Flow(config, network.shape)
    raise ValueError(f"Expected a network of benchmarks.networks.WITH_PEER. Received: {network}")
