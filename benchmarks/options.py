"""The options of the cases that compare networks."""

import argparse

from benchmarks.networks import NETWORKS, WITH_PEER


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the networks, the clock and the peer."""
    parser.add_argument(
        "--networks",
        nargs="+",
        choices=NETWORKS,
        default=list(WITH_PEER),
        metavar="NAME",
        help=f"Any of {', '.join(NETWORKS)} [default: {' '.join(WITH_PEER)}, which PyTorch has too].",
    )
    parser.add_argument("--peer", choices=["torch"], help="Measure the same network in PyTorch, in turn.")
    parser.add_argument(
        "--clock",
        choices=["wall", "processor"],
        default="wall",
        help="What seconds are [default: wall]. The processor time of all threads depends less on other programs. Take "
        "one thread with it, because threads that wait count too: TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1.",
    )
