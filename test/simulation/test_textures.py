"""The pictures of the world: made once, whole, and again where one is gone."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from edge_compress import assets
from edge_compress.assets.cache import CACHE_VARIABLE
from edge_compress.assets.errors import AssetError
from edge_compress.simulation import textures
from edge_compress.simulation.photos import FOLDER, PHOTOS
from edge_compress.simulation.textures import GROUND, inspection_textures, main

NAMES = {GROUND, *(name for photo in PHOTOS for name in photo.files)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Return a cache of the test's own, which has the photos, so that nothing is downloaded."""
    photos = assets.fetch("panel-photos")
    cache = tmp_path / "cache"
    shutil.copytree(photos, cache / photos.name)
    monkeypatch.setenv(CACHE_VARIABLE, str(cache))
    return cache


def test_all_are_made_and_left_alone_afterwards(cache):
    root = inspection_textures()
    assert root.parent == cache
    folder = root / FOLDER
    assert {path.name for path in folder.iterdir()} == NAMES
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert inspection_textures() == root
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert [path for path in root.iterdir() if path != folder] == []


def test_what_is_gone_is_made_again_and_is_the_same():
    root = inspection_textures()
    lost = [root / FOLDER / GROUND, root / FOLDER / PHOTOS[0].files[1]]
    before = [path.read_bytes() for path in lost]
    for path in lost:
        path.unlink()
    inspection_textures()
    assert [path.read_bytes() for path in lost] == before


def test_the_object_is_cut_out_of_the_photo():
    folder = inspection_textures() / FOLDER
    for photo in PHOTOS:
        whole, part = (cv2.imread(str(folder / name)) for name in photo.files)
        left, top, right, bottom = photo.object
        assert np.array_equal(whole[top:bottom, left:right], part), photo.name


def test_the_ground_has_no_edge_where_it_repeats():
    ground = cv2.imread(str(inspection_textures() / FOLDER / GROUND)).astype(float)
    inside = np.abs(np.diff(ground, axis=0)).mean()
    assert ground.std() > 5
    for axis in (0, 1):
        seam = np.abs(ground.take(0, axis) - ground.take(-1, axis)).mean()
        assert seam < 2 * inside


def test_several_may_make_them_at_once():
    with ThreadPoolExecutor(4) as pool:
        roots = set(pool.map(lambda _: inspection_textures(), range(4)))
    (root,) = roots
    assert {path.name for path in (root / FOLDER).iterdir()} == NAMES


def test_another_table_is_another_folder(monkeypatch):
    root = inspection_textures()
    monkeypatch.setattr(textures, "PHOTOS", PHOTOS[:1])
    assert inspection_textures() != root


def test_a_cache_that_cannot_be_written_is_told(cache, monkeypatch, capsys):
    monkeypatch.setenv(CACHE_VARIABLE, str(cache / "panel-photos" / "dog.jpg"))
    with pytest.raises(AssetError, match="Cannot write the photos"):
        inspection_textures()
    assert main() == 2
    assert "Cannot write the photos" in capsys.readouterr().err
