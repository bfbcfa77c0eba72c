"""Where there is no browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("options, status", [([], 0), (["--no-skips"], 1)])
def test_without_a_browser_tests_skip_or_fail(tmp_path, options, status):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-rs", HERE / "test_page_check.py", *options]
    done = subprocess.run(command, env=environment, cwd=HERE, capture_output=True, text=True)
    assert done.returncode == status and "install chromium" in done.stdout, done.stdout
    assert (" passed" in done.stdout, " skipped" in done.stdout) == (False, status == 0)
