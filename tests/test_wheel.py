"""The wheel that users install."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Folders that tools create in the source tree.
GENERATED = ("__pycache__", "node_modules", "dist", ".mypy_cache")
#: A stand-in for the built page, so that no test needs npm's registry.
PAGE = ("index.html", "wasm/runtime.wasm")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names of the files in the wheel, built from a copy of the sources."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "tfgen", source / "tfgen", ignore=shutil.ignore_patterns(*GENERATED))
    for path in ROOT.iterdir():
        # Files such as README.md and LICENSE are part of the metadata. Modules and folders must not become packages.
        if path.is_file():
            shutil.copy(path, source)
    for folder in ("tests", "export", "benchmarks"):
        (source / folder).mkdir()
        (source / folder / "__init__.py").touch()
    page = tmp_path_factory.mktemp("page")
    for name in PAGE:
        (page / name).parent.mkdir(exist_ok=True)
        (page / name).touch()
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--no-build-isolation", "-w", str(out)]
    environment = {**os.environ, "TFGEN_WEB_PAGE": str(page)}
    built = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stderr
    (file,) = out.glob("tfgen-*.whl")
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_the_only_top_level_package_is_tfgen(wheel):
    top = {name.partition("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == {"tfgen"}


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tfgen").rglob("*")
        if path.is_file() and not {*path.relative_to(ROOT).parts} & {*GENERATED}
    }
    assert {
        "tfgen/py.typed",
        "tfgen/ondevice/web/.npmrc",
        "tfgen/ondevice/web/index.html",
        "tfgen/ondevice/web/package-lock.json",
        "tfgen/ondevice/web/src/main.ts",
    } <= expected
    expected |= {f"tfgen/ondevice/web/page/{name}" for name in PAGE}
    assert {name for name in wheel if name.startswith("tfgen/")} == expected


@pytest.mark.slow
def test_without_npm_the_package_is_built_without_the_page(tmp_path):
    command = [sys.executable, "setup.py", "-q", "build", "--build-base", str(tmp_path / "base")]
    command += ["--build-lib", str(tmp_path / "lib")]
    environment = {**os.environ, "PATH": str(tmp_path)}
    environment.pop("TFGEN_WEB_PAGE", None)
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stderr
    assert "the page of tfgen web is not part of this wheel: Expected npm" in built.stderr
    web = tmp_path / "lib" / "tfgen" / "ondevice" / "web"
    assert (web / "index.html").is_file()
    assert not (web / "page").exists()
