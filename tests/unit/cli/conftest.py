"""Pairs of nodes, made once for a test process and copied for each test."""

from pathlib import Path

import pytest

from tests.unit.cli.scene import Scene


@pytest.fixture(scope="session")
def _strangers(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = Scene(tmp_path_factory.mktemp("strangers"))
    scene.introduce()
    return scene


@pytest.fixture(scope="session")
def _partners(_strangers: Scene, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = _strangers.copy(tmp_path_factory.mktemp("partners"))
    scene.govern()
    return scene


@pytest.fixture
def strangers(_strangers: Scene, tmp_path: Path) -> Scene:
    """Two nodes that have confirmed each other and signed nothing."""
    return _strangers.copy(tmp_path)


@pytest.fixture
def partners(_partners: Scene, tmp_path: Path) -> Scene:
    """Two nodes with an agreement and a channel that both have signed."""
    return _partners.copy(tmp_path)
