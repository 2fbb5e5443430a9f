"""Tokens of SoftHSM 2 for tests: a store of their own in a temporary folder, a token for each that asks.

Tests that need one are left out, with the reason, where SoftHSM is not installed.
"""

import os
import subprocess
from itertools import count
from pathlib import Path

import pytest

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "2468-1357"
_numbers = count(1)


class Tokens:
    """A store of tokens. This process and those that it starts find it by SOFTHSM2_CONF."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "tokens"
        self.store.mkdir()
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {self.store}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)

    def make(self, pin: str = PIN) -> str:
        """A new token. Returns its label."""
        label = f"passerelle-{next(_numbers)}"
        self.tool("--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "0000-0000")
        return label

    def tool(self, *arguments: str) -> None:
        subprocess.run(("softhsm2-util", *arguments), check=True, capture_output=True)

    def away(self) -> Path:
        """All tokens are gone, until `back`."""
        return self.store.rename(self.store.with_name("away"))

    def back(self) -> None:
        self.store.with_name("away").rename(self.store)


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    if not Path(MODULE).exists():
        pytest.skip("SoftHSM 2 is not installed (apt-get install softhsm2)")
    return Tokens(tmp_path_factory.mktemp("softhsm"))
