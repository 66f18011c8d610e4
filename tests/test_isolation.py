"""Tests leave the user's own files alone."""

from pathlib import Path

from tfgen.data import cache
from tfgen.ondevice.web import build


def test_the_cache_is_not_the_user_s(user_cache):
    for folder in (cache.cache_folder(), build.cache_folder()):
        assert not folder.is_relative_to(user_cache)
        assert not folder.is_relative_to(Path.home() / ".cache")
