"""Reading `.keras` files of earlier versions, whose weights are stored under other names.

Keras finds the weights of a layer by the attribute that holds the layer and by the name of the layer's class. A file of
an earlier version names some of them differently.
"""

import contextlib
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

#: Class of the model → (pattern of a group's path in earlier versions, path today).
RENAMED_GROUPS = {
    "Flow": (
        (r"^conditioners/wavefront_network\b", "conditioners/autoregressive_network"),
        (r"^layers/(lu_matrix\w*)", r"invertible_convs/\1"),
    )
}
WEIGHTS = "model.weights.h5"


@contextlib.contextmanager
def upgrade_keras_file(file: Path) -> Iterator[Path]:
    """Context manager whose value is a file with the weights under today's names.

    The value is `file` itself if its names are today's, else the path of a copy that lasts as long as the context.

    Args:
        file: a `.keras` file.
    """
    with zipfile.ZipFile(file) as archive:
        renames = RENAMED_GROUPS.get(json.loads(archive.read("config.json"))["class_name"], ())
        if not renames:
            yield file
            return
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(archive.extract(WEIGHTS, folder))
            if not _rename_groups(weights, renames):
                yield file
                return
            upgraded = Path(folder) / "model.keras"
            with zipfile.ZipFile(upgraded, "w") as copy:
                for name in archive.namelist():
                    copy.writestr(name, weights.read_bytes() if name == WEIGHTS else archive.read(name))
            yield upgraded


def _rename_groups(weights: Path, renames) -> bool:
    """Rename groups in an HDF5 file; returns whether there were any to rename."""
    import h5py

    with h5py.File(weights, "r+") as root:
        paths = [f"{parent}/{name}" for parent in root for name in root[parent]]
        changed = False
        for path in paths:
            for pattern, replacement in renames:
                if (target := re.sub(pattern, replacement, path)) != path:
                    root.move(path, target)
                    changed = True
        return changed
