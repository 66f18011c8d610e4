"""The import of Gradio without work that only its developers need."""

import contextlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator

from tfgen.startup import without_garbage_collection, without_packages


@contextlib.contextmanager
def fast_gradio_import() -> Iterator[None]:
    """Shorten the first import of Gradio, which has to be in the `with` block.

    Gradio reads the source of each component class and compares it with a file of type stubs, or writes that file.
    This takes 1.0 of 2.7 seconds. Editors use the stubs, programs do not. Gradio also imports IPython where it is
    installed. Only notebooks need IPython.
    """
    finder = _WithoutStubs()
    sys.meta_path.insert(0, finder)
    try:
        with without_garbage_collection(), without_packages("IPython"):
            yield
    finally:
        sys.meta_path.remove(finder)


class _WithoutStubs(importlib.abc.MetaPathFinder):
    """Finds the module that writes the stubs, and replaces its function as soon as the module is loaded."""

    def find_spec(self, fullname, path, target=None):
        if fullname != "gradio.component_meta":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module):
        super().exec_module(module)
        module.create_or_modify_pyi = lambda component, name, events: None
