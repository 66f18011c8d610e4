"""Likelihood of normflows' Glow: python benchmarks/glow_normflows.py images.npz [--minutes 60] [--test-images 1000]

Trains the Glow of the PyTorch package normflows on images for some minutes and prints one JSON object with the bits per
dimension of test images, for comparison with `tfgen train --model flow`. The bound is the same: uniform dequantization
noise, one sample. The benchmark needs PyTorch, in its own environment: `pip install torch normflows numpy`.

The .npz file holds uint8 arrays [n, H, W, C], "train" and "test". The default architecture and optimizer are those of
the package's own Glow example: levels of 16 blocks with 256 filters, class-independent trainable base distributions,
Adamax with a learning rate of 1e-3. An --averaging decay adds an exponential moving average of the weights.
"""

import argparse
import copy
import json
import math
import time

import numpy as np

try:
    import normflows as nf
    import torch
except ImportError as error:
    raise SystemExit(
        f"error: expected PyTorch and normflows (pip install torch normflows). Received: {error}"
    ) from None

LEVELS = 256


def make_glow(height, width, channels, scales, blocks, filters):
    bases, merges, flows = [], [], []
    for scale in range(scales):
        inner = scale > 0
        size = channels * 2 ** (scales + 1 - scale)
        flows.append([nf.flows.GlowBlock(size, filters, split_mode="channel", scale=True) for _ in range(blocks)])
        flows[-1].append(nf.flows.Squeeze())
        shape = (size // 2 if inner else size, height // 2 ** (scales - scale), width // 2 ** (scales - scale))
        bases.append(nf.distributions.GlowBase(shape))
        if inner:
            merges.append(nf.flows.Merge())
    return nf.MultiscaleFlow(bases, flows, merges, class_cond=False)


def bits_per_dim(model, images, generator):
    """Bits/dim of uint8 images [n, C, H, W] with one sample of uniform dequantization noise: [n]."""
    noise = torch.rand(images.shape, generator=generator)
    nats = model.log_prob((images.float() + noise) / LEVELS, None)
    return math.log2(LEVELS) - nats / (images[0].numel() * math.log(2.0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", help='.npz file with uint8 arrays "train" and "test", [n, H, W, C]')
    parser.add_argument("--minutes", type=float, default=60.0, help="time of the training")
    parser.add_argument("--threads", type=int, default=2, help="processor cores")
    parser.add_argument("--scales", type=int, default=3, help="levels of the flow; sides must be divisible by 2^scales")
    parser.add_argument("--blocks", type=int, default=16, help="blocks of a level")
    parser.add_argument("--filters", type=int, default=256, help="filters of a block's network")
    parser.add_argument("--batch-size", type=int, default=128, help="images of a step")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="learning rate of Adamax")
    parser.add_argument("--averaging", type=float, default=0.0, help="decay of a moving average of the weights")
    parser.add_argument("--test-images", type=int, default=1000, help="number of test images")
    parser.add_argument("--seed", type=int, default=0, help="seed")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    with np.load(args.images) as arrays:
        train, test = (torch.from_numpy(arrays[name]).permute(0, 3, 1, 2) for name in ("train", "test"))
    _, channels, height, width = train.shape
    model = make_glow(height, width, channels, args.scales, args.blocks, args.filters)
    with torch.no_grad():
        # The first batch initializes the activation normalization.
        bits_per_dim(model, train[: args.batch_size], generator)
    average = copy.deepcopy(model)
    optimizer = torch.optim.Adamax(model.parameters(), lr=args.learning_rate, weight_decay=1e-5)

    start, steps, skipped = time.perf_counter(), 0, 0
    while time.perf_counter() - start < 60 * args.minutes:
        rows = torch.randint(len(train), (args.batch_size,), generator=generator)
        loss = bits_per_dim(model, train[rows], generator).mean()
        optimizer.zero_grad()
        if torch.isfinite(loss):
            loss.backward()
            optimizer.step()
        else:
            skipped += 1
        steps += 1
        decay = min(args.averaging, steps / (steps + 10))
        with torch.no_grad():
            for ours, theirs in zip(average.parameters(), model.parameters(), strict=True):
                ours.lerp_(theirs, 1.0 - decay) if args.averaging else ours.copy_(theirs)

    average.eval()
    with torch.no_grad():
        parts = torch.split(test[: args.test_images], args.batch_size)
        found = torch.cat([bits_per_dim(average, part, generator) for part in parts])
    print(
        json.dumps(
            {
                "bits_per_dim": float(found.mean()),
                "test_images": len(found),
                "minutes": args.minutes,
                "steps": steps,
                "steps_without_finite_loss": skipped,
                "images_per_second": steps * args.batch_size / (60 * args.minutes),
                "weights": sum(parameter.numel() for parameter in model.parameters()),
                "normflows": nf.__version__ if hasattr(nf, "__version__") else "",
                "torch": torch.__version__,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
