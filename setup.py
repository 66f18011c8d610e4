"""Builds the page of `tfgen web` into the wheel. Everything else is in pyproject.toml."""

import os
import runpy
import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
WEB = Path("tfgen", "ondevice", "web")


class BuildWithPage(build_py):
    """`build_py` with the built page in tfgen/ondevice/web/page, so that users need neither npm nor a registry.

    TFGEN_WEB_PAGE=DIR takes the page of that folder instead of building it. Without npm or its registry, the wheel has
    no page, and `tfgen web` builds it at its first start.
    """

    def run(self):
        super().run()
        if self.editable_mode:
            return
        page = Path(self.build_lib) / WEB / "page"
        shutil.rmtree(page, ignore_errors=True)
        if ready := os.environ.get("TFGEN_WEB_PAGE"):
            shutil.copytree(ready, page)
            return
        npm = runpy.run_path(str(ROOT / WEB / "npm.py"))
        try:
            npm["build"](ROOT / WEB, page)
        except (npm["NpmError"], OSError) as error:
            print(f"warning: the page of tfgen web is not part of this wheel: {error}", file=sys.stderr)


setup(cmdclass={"build_py": BuildWithPage})
