"""An environment into which a test may install."""

import sys
import sysconfig
import venv
from pathlib import Path


def make_environment(folder):
    """Make one that sees the packages of this one, but not its cnnkit: its Python, its packages."""
    venv.create(folder, with_pip=False)
    config = {"base": folder, "platbase": folder}
    site = Path(sysconfig.get_path("purelib", "venv", config))
    # A path in a .pth file does not run the .pth files there, through which cnnkit is found here.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    python = Path(sysconfig.get_path("scripts", "venv", config)) / Path(sys.executable).name
    return python, site
