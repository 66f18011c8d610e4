"""Rules of the house that no linter checks: length of files and functions, words, and what stands where."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tfgen"
SOURCES = sorted(PACKAGE.rglob("*.py"))

#: Private words of earlier versions. The field's terms have replaced them; old names live on as aliases only.
PRIVATE_WORDS = (
    r"wavefronts?",
    r"sheared",
    r"at_once",
    r"verdicts?",
    r"realness",
    r"yardsticks?",
    r"entrants?",
    r"so-manieth",
    r"judging_variables",
    r"WITHOUT_ORIGIN",
    r"through_splines",
    r"OnePass",
    r"SeededDraws",
    r"the practical",
    r"gone on with",
    r"with_slope",
    r"_pulls_to_slope_one",
    r"Shear",
    r"Stairs",
    r"Divided",
    r"sweeps?",
    r"findings",
    r"tidying",
    r"refusals",
    r"answering",
    r"spell",
    r"the game",
)
#: Where the old words are read: migrations, aliases of saved classes and deprecated options, and their tests.
ALIASES = re.compile(
    r"migration|alias|register_keras_serializable|deprecat|renamed|old name|saved by|earlier version|_OLD_|"
    r"version 0\.1",
    re.IGNORECASE,
)


def test_a_file_of_more_than_300_lines_gives_its_reason():
    for path in SOURCES:
        text = path.read_text()
        if text.count("\n") > 300:
            docstring = ast.get_docstring(ast.parse(text)) or ""
            assert "one file because" in docstring.replace("\n", " "), f"{path}: {text.count(chr(10))} lines"


def test_functions_of_the_tabs_have_at_most_60_lines():
    for path in sorted((PACKAGE / "app" / "tabs").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= 60, f"{path.name}: {node.name} has {lines} lines"


def test_only_the_command_line_reads_arguments():
    """`tfgen/ondevice/sample.py` is the exception: it runs on devices without the rest of the package."""
    for path in SOURCES:
        if path.is_relative_to(PACKAGE / "cli") or path == PACKAGE / "ondevice" / "sample.py":
            continue
        assert "argparse" not in path.read_text(), path


def test_the_entries_in_the_root_are_thin():
    for name in ("train.py", "app.py", "export/__main__.py"):
        assert (ROOT / name).read_text().count("\n") <= 8, name


def test_the_readme_has_at_most_150_lines():
    assert (ROOT / "README.md").read_text().count("\n") <= 150


def test_modules_have_a_docstring():
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text())), path


@pytest.mark.parametrize("word", PRIVATE_WORDS)
def test_private_words_are_gone_from_code_help_and_documents(word):
    pattern = re.compile(rf"(?<![\w-]){word}(?![\w-])")
    files = [
        *SOURCES,
        *PACKAGE.rglob("*.ts"),
        *PACKAGE.rglob("*.js"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
    ]
    for path in files:
        if "node_modules" in path.parts or "dist" in path.parts:
            continue
        text = path.read_text()
        if path.name == "migration.py":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line) and not ALIASES.search(line):
                raise AssertionError(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")


def test_imports_point_down():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-2000:]
