import os
import subprocess
import sys

import pytest

from tfgen.errors import ConfigError
from tfgen.export.staging import staging


def test_the_folder_of_a_killed_export_is_deleted_and_that_of_a_running_one_is_not(tmp_path):
    code = (
        "import os, signal, sys; from tfgen.export.staging import staging\n"
        "with staging(sys.argv[1]) as folder:\n"
        "    (folder / 'half').write_text('x'); print(folder.name, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert os.listdir(tmp_path) == [killed.stdout.strip()]
    with staging(tmp_path) as first:
        assert os.listdir(tmp_path) == [first.name]
        with staging(tmp_path) as second:
            assert sorted(os.listdir(tmp_path)) == sorted([first.name, second.name])
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_created_is_rejected(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"--out: expected a folder that can be written to\. Received: .*file"), \
            staging(tmp_path / "file" / "out"):  # fmt: skip
        pass
