import stat

import pytest

from tfgen.errors import ConfigError
from tfgen.ondevice.web import build


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tfgen" / "web"


@pytest.fixture(autouse=True)
def package_without_page(tmp_path, monkeypatch):
    """The tests build the page, whether or not the installed package has it."""
    monkeypatch.setattr(build, "shipped_page", lambda: tmp_path / "package" / "page")


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Install a script as npm, and return a function that sets the commands of the script."""

    def install(script):
        file = tmp_path / "bin" / "npm"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{file.parent}:/usr/bin:/bin")

    return install


def test_the_page_is_built_once_in_the_cache(cache, npm):
    npm('test -f index.html -a -f src/main.ts -a -f .npmrc || exit 1\nmkdir -p dist && echo "$@" >> dist/commands')
    lines: list[str] = []
    page = build.build_page(lines.append)
    assert page == build.page_folder()
    assert page.parent == cache
    assert (page / "commands").read_text() == "ci\nrun build\n"
    npm("exit 1")
    assert build.build_page(lines.append) == page
    assert len(lines) == 1
    assert list(cache.iterdir()) == [page]
    assert not (build.SOURCES / "dist").exists()


def test_changed_sources_are_another_page(cache, tmp_path, monkeypatch):
    before = build.page_folder()
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    (tmp_path / "index.html").write_text("another page")
    assert build.page_folder() != before


def test_a_failed_build_leaves_no_page_and_shows_the_message_of_npm(cache, npm):
    npm("mkdir -p dist; echo no network >&2; exit 1")
    with pytest.raises(ConfigError, match=r"Expected npm ci to succeed\. Received:\nno network"):
        build.build_page()
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_not_writable_is_reported(npm, tmp_path, monkeypatch):
    npm("exit 0")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"Expected a cache folder that can be written to .* Received: .*file"):
        build.build_page()


def test_the_page_built_by_another_process_is_kept(cache, npm):
    page = build.page_folder()
    npm(f"mkdir -p dist {page} && touch {page}/theirs")
    assert build.build_page() == page
    assert [file.name for file in page.iterdir()] == ["theirs"]
    assert list(cache.iterdir()) == [page]


def test_the_page_of_the_package_needs_neither_npm_nor_the_cache(cache, npm, tmp_path):
    npm("exit 1")
    shipped = tmp_path / "package" / "page"
    shipped.mkdir(parents=True)
    assert build.build_page() == shipped
    assert not cache.exists()
