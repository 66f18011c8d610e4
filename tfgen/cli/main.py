# PYTHON_ARGCOMPLETE_OK
"""The command line `tfgen COMMAND …`: finds the command and passes the other arguments to it.

A command's module is imported only when that command runs, so that `tfgen --help` takes a fraction of a second.
"""

import importlib
import os
import sys
from collections.abc import Sequence

from tfgen.cli.arguments import Parser
from tfgen.errors import did_you_mean
from tfgen.startup import tolerate_any_terminal

#: Heading → command → (module with `build_parser` and `main`, what the command does).
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "train": {
        "train": ("train", "Train a model (train.py is the same command)."),
        "launch": ("launch", "Train with several worker processes on this machine and restart them when one fails."),
        "data": ("data", "Describe a data set as training would read it."),
        "models": ("models", "List the pretrained models that come with the package."),
    },
    "use a trained model": {
        "sample": ("sample", "Draw samples and write them as a picture or as numbers."),
        "interpolate": ("interpolate", "Draw rows of pictures between pairs of samples or of test images."),
        "encode": ("encode", "Write the latents of pictures."),
        "score": ("score", "Write the likelihood of pictures."),
        "outliers": ("outliers", "Draw the test images with the lowest and the highest likelihood."),
        "app": ("app", "Open the web app for sampling, interpolation and training (app.py is the same command)."),
    },
    "measure": {
        "evaluate": ("evaluate", "Measure the likelihood of a model and the quality of its samples."),
        "compare": ("compare", "Compare runs on the same data in a table and a figure."),
        "benchmark-modes": ("benchmark_modes", "Count the modes that GANs cover on data with known modes."),
        "train-classifier": ("train_classifier", "Train the classifier in whose features samples are measured."),
    },
    "ship": {
        "pack": ("pack", "Make a small folder of a finished run that every command accepts as a run."),
        "export": ("export", "Export a model to SavedModel, TFLite or ONNX (python -m export is the same command)."),
        "serve": ("serve", "Serve an exported SavedModel over HTTP and gRPC."),
        "client": ("client", "Ask a server for samples and write them as a picture."),
        "web": ("web", "Serve a page that runs an exported TFLite model in the browser."),
    },
}
#: Old name of a command → its name today.
OLD_NAMES = {"collapse": "benchmark-modes", "classifier": "train-classifier", "pretrained": "models"}


def modules() -> dict[str, str]:
    """Command → name of its module."""
    return {name: f"tfgen.cli.{module}" for commands in COMMANDS.values() for name, (module, _) in commands.items()}


def help_text() -> str:
    """The text of `tfgen --help`: every command under its heading."""
    lines = [
        "usage: tfgen COMMAND [OPTIONS]",
        "",
        "Train, compare, export and serve generative models of images: variational autoencoders, generative",
        "adversarial networks and normalizing flows.",
    ]
    for heading, commands in COMMANDS.items():
        lines += ["", f"{heading}:"]
        lines += [f"  {name:<18}{purpose}" for name, (_, purpose) in commands.items()]
    return "\n".join(
        [
            *lines,
            "",
            "  --version         Print the version.",
            "  --help            Print this text. 'tfgen COMMAND --help' lists the options of a command.",
            "",
            'Shell completion (bash, zsh): eval "$(register-python-argcomplete tfgen)"',
        ]
    )


def build_parser(command: str | None = None) -> Parser:
    """The parser of all commands, for shell completion: only `command` has its options."""
    parser = Parser(prog="tfgen", description="Train, compare, export and serve generative models of images.")
    commands = parser.add_subparsers(dest="command", parser_class=Parser)
    for name, module in modules().items():
        if name == command:
            options = importlib.import_module(module).build_parser()
            commands.add_parser(name, description="", parents=[options], add_help=False)
        else:
            commands.add_parser(name, description="")
    return parser


def _complete() -> None:
    """Answer the shell that asks for completions, and exit."""
    import argcomplete

    words = os.environ["COMP_LINE"].split()
    argcomplete.autocomplete(build_parser(next((word for word in words[1:] if word in modules()), None)))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that the first argument names. Exit status 2 if there is no such command."""
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    tolerate_any_terminal()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return
    if arguments[0] == "--version":
        import tfgen

        print(f"tfgen {tfgen.__version__}")
        return
    name, *rest = arguments
    if name in OLD_NAMES:
        print(f"warning: tfgen {name} is now tfgen {OLD_NAMES[name]}; the old name will be removed", file=sys.stderr)
        name = OLD_NAMES[name]
    known = modules()
    if name not in known:
        hint = did_you_mean(name, known)
        print(f"error: Expected one of {', '.join(known)}. Received: {name!r}.{hint}", file=sys.stderr)
        raise SystemExit(2)
    importlib.import_module(known[name]).main(rest)
