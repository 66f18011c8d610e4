"""Train lightweight-gan (PyTorch) on a folder of pictures for some minutes and save samples, as a reference for GANs.

    pip install lightweight-gan                  # in an environment of its own, with PyTorch
    python benchmarks/reference_gan.py PICTURES --image-size 64 --minutes 30 --out reference.npz
    python benchmarks/compare_samples.py reference.npz gan.npz --data PICTURES --image-size 64 --classifier FILE

The package asserts that there is an NVIDIA GPU. This script runs its code on the CPU, otherwise unchanged, with the
package's own settings and with the augmentation that its documentation recommends for few pictures. The saved samples
are those of the generator without the moving average of its weights: the package starts the average at step 20,000.
"""

import argparse
import importlib.util
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch

#: Text of the package that only works with an NVIDIA GPU → its replacement.
ON_CPU = {
    "assert torch.cuda.is_available(), 'You need to have an Nvidia GPU with CUDA installed.'": "",
    "torch.device(f'cuda:{self.rank}')": "torch.device('cpu')",
    ".cuda(self.rank)": "",
    "self.cuda(rank)": "self",
}


def package_for_cpu() -> types.ModuleType:
    """Import the module of the package's trainer with the replacements of `ON_CPU`."""
    folder = Path(importlib.util.find_spec("lightweight_gan").submodule_search_locations[0])
    source = (folder / "lightweight_gan.py").read_text()
    for text, replacement in ON_CPU.items():
        if text not in source:
            raise SystemExit(f"Expected lightweight-gan 1.2.1, which contains {text!r}. Received: another version")
        source = source.replace(text, replacement)
    package = types.ModuleType("lightweight_gan")
    package.__path__ = [str(folder)]
    module = types.ModuleType("lightweight_gan.lightweight_gan")
    sys.modules |= {"lightweight_gan": package, "lightweight_gan.lightweight_gan": module}
    exec(compile(source, "lightweight_gan.py", "exec"), module.__dict__)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pictures", help="Folder of pictures.")
    parser.add_argument("--image-size", type=int, default=64, help="Side in pixels, a power of two.")
    parser.add_argument("--minutes", type=float, default=30.0, help="Training time.")
    parser.add_argument("--batch-size", type=int, default=16, help="Batch size.")
    parser.add_argument("--accumulate", type=int, default=1, help="Batches of which each update sums the gradients.")
    parser.add_argument("--aug-prob", type=float, default=0.25, help="Probability of the augmentation.")
    parser.add_argument("--samples", type=int, default=5000, help="Number of samples to save.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", default="reference.npz")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    trainer = package_for_cpu().Trainer(
        name="reference",
        base_dir=str(Path(options.out).absolute().parent),
        image_size=options.image_size,
        batch_size=options.batch_size,
        gradient_accumulate_every=options.accumulate,
        attn_res_layers=[32],
        disc_output_size=1,
        aug_prob=options.aug_prob,
        aug_types=["translation", "cutout", "color"],
        save_every=10**9,
        evaluate_every=10**9,
        num_workers=1,
        use_aim=False,
    )
    trainer.set_data_src(options.pictures)
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < 60.0 * options.minutes:
        trainer.train()
        if trainer.steps % 50 == 0:
            print(f"step {trainer.steps}, {elapsed / 60:.1f} minutes", flush=True)
    print(f"{trainer.steps} steps of {options.batch_size * options.accumulate} pictures in {elapsed / 60:.1f} minutes")
    generator = trainer.GAN.G.eval()
    with torch.no_grad():
        parts = [generator(torch.randn(50, trainer.GAN.latent_dim)) for _ in range(-(-options.samples // 50))]
    images = torch.cat(parts)[: options.samples].clamp(0.0, 1.0).permute(0, 2, 3, 1).numpy()
    np.savez(options.out, images=np.round(255.0 * images).astype(np.uint8))


if __name__ == "__main__":
    main()
