"""Every command and every Python block of the README and the documentation runs at small size, or says why not."""

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "```bash" in path.read_text() or "```python" in path.read_text()
]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>bash|python)\n(?P<code>.*?)```", re.DOTALL)
#: Names of data sets of which a training takes the first 64 examples.
NAMED = ("digits", "moons", "bimodal", "checkerboard", "rings")


def blocks(page: str) -> list[tuple[str, str, str]]:
    """(language, code, mark) of each block of a page, in order."""
    found = BLOCK.finditer((ROOT / page).read_text())
    return [(match["language"], match["code"], match["mark"] or "") for match in found]


def is_run(mark: str) -> bool:
    return not mark.startswith("not run:") and mark != "test"


@pytest.mark.parametrize("page", PAGES)
def test_a_block_that_is_not_run_gives_its_reason(page):
    for _, code, mark in blocks(page):
        if mark.startswith("not run:"):
            assert len(mark.removeprefix("not run:").strip()) > 5, code


@pytest.mark.parametrize("page", PAGES)
def test_the_options_of_every_command_exist(page):
    """Commands that are not run are parsed all the same."""
    for language, code, _ in blocks(page):
        for arguments in commands(code) if language == "bash" else ():
            parse(arguments)


def commands(code: str) -> list[list[str]]:
    """The arguments of each tfgen command in a block, without its comments and shell variables."""
    found = []
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line.replace("$seed", "0"), comments=True)
        if words[:2] == ["python", "train.py"]:
            words = ["tfgen", "train", *words[2:]]
        if words[:1] == ["tfgen"]:
            found.append(words[1:])
    return found


def parse(arguments: list[str]) -> None:
    from tfgen.cli.main import modules

    name, *rest = arguments
    if name.startswith("--"):
        return
    module = importlib.import_module(modules()[name])
    if name == "train":
        from tfgen.cli.train_arguments import parse as parse_training

        parse_training(rest)
    elif hasattr(module, "parse"):
        module.parse(rest)
    else:
        module.build_parser().parse_args(rest)


# -- running -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder with pictures of two classes, in which a page's blocks run."""
    generator = np.random.default_rng(0)
    for label in ("light", "dark"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(40):
            pixels = generator.integers(0, 128, (20, 24, 3), np.uint8) + (100 if label == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "pictures" / label / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def at_small_size(arguments: list[str]) -> list[str]:
    """The same command with one epoch of a few examples, so that it takes seconds."""
    name, *rest = arguments
    if name == "train" and "--resume" not in rest:
        data = rest[rest.index("--data") + 1] if "--data" in rest else "digits"
        rest += ["--epochs", "1", "--batch-size", "16"]
        if "--preset" in rest and "--data" not in rest:
            rest += ["--data", data]
        if data in NAMED:
            rest += ["--train-size", "64", "--validation-size", "32"]
    if name == "benchmark-modes":
        # One epoch of ring8.
        rest += ["--steps", "400"]
    if name == "train-classifier":
        rest += ["--steps", "20"]
    return [name, *rest]


def run_command(words: list[str]) -> None:
    from tfgen.cli.main import main
    from tfgen.ondevice.sample import main as sample_on_device

    if words[:2] == ["python", "train.py"]:
        words = ["tfgen", "train", *words[2:]]
    if words[:3] == ["python", "-m", "tfgen.ondevice.sample"]:
        sample_on_device(words[3:])
        return
    assert words[0] == "tfgen", f"expected a tfgen command, or a mark with the reason why the block is not run: {words}"
    arguments = at_small_size(words[1:])
    if words[1] == "export" or "--virtual-cpus" in words:
        # These configure TensorFlow's devices, which is possible only once in a process.
        subprocess.run([sys.executable, "-m", "tfgen", *arguments], check=True)
    else:
        main(arguments)


# The commands of each page are parsed always.
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page, folder):
    namespace: dict = {}
    for language, code, mark in blocks(page):
        if not is_run(mark):
            continue
        if language == "python":
            exec(compile(re.sub(r"epochs=\d+", "epochs=1", code), page, "exec"), namespace)
            continue
        for line in code.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                if words[:2] == ["tfgen", "app"]:
                    continue  # serves until it is stopped; tests/app covers the app
                run_command(words)
