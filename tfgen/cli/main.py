"""tfgen COMMAND …, or python -m tfgen COMMAND …"""

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "train": ("tfgen.cli.train", "train a model; train.py does the same"),
    "launch": ("tfgen.cli.launch", "train with several worker processes on this machine, restarted when one dies"),
    "sample": ("tfgen.cli.sample", "draw samples of a trained model"),
    "interpolate": ("tfgen.cli.interpolate", "draw rows of pictures that lead from one sample to another"),
    "evaluate": ("tfgen.cli.evaluate", "measure a trained model's likelihood and the quality of its samples"),
    "outliers": ("tfgen.cli.outliers", "draw the test images that a model finds least and most likely"),
    "compare": ("tfgen.cli.compare", "put runs on the same data side by side, in a table and a figure"),
    "benchmark-modes": ("tfgen.cli.benchmark_modes", "put GANs to the test of mode collapse"),
    "train-classifier": ("tfgen.cli.train_classifier", "train the classifier that samples are measured with"),
    "models": ("tfgen.cli.models", "list the models that come trained"),
    "export": ("tfgen.cli.export", "export a trained model to SavedModel, TFLite or ONNX"),
    "serve": ("tfgen.cli.serve", "serve an exported model over HTTP and gRPC"),
    "client": ("tfgen.cli.client", "ask a server for pictures"),
    "web": ("tfgen.cli.web", "serve a page that runs an exported model in the browser"),
    "app": ("tfgen.cli.app", "open the app"),
    "pack": ("tfgen.cli.pack", "make a finished run as small as those"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that the first argument names with the others. Exit status 2 where there is none of that name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: tfgen COMMAND …\n")
        for name, (_, purpose) in COMMANDS.items():
            print(f"  {name:<12} {purpose}")
        print("\ntfgen COMMAND --help says more.")
        return
    name, *rest = arguments
    if name not in COMMANDS:
        print(f"tfgen: error: expected one of {', '.join(COMMANDS)}. Received: {name!r}", file=sys.stderr)
        raise SystemExit(2)
    importlib.import_module(COMMANDS[name][0]).main(rest)


if __name__ == "__main__":
    main()
