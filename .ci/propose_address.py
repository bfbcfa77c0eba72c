"""On GitHub: where the repository's texts name another address, propose its own by a pull request.

`.github/workflows/address.yml` runs this in a clone of main that may push. It pushes one branch,
made anew from main each time, and never main itself.
"""

import json
import os
import re
import sys
from pathlib import Path
from subprocess import PIPE, run

from refresh_notebooks import ROOT, refresh

BRANCH = "repository-address"
TITLE = "Links, setup cells and README name this repository"
BODY = (
    "The repository's address is carried from where GitHub knows it into `pyproject.toml`, and "
    "from there into README and all notebooks, as `python3 course.py format` does.\n\n"
    "Each push to `main` makes this branch anew. CI does not start by itself for a pull request "
    "of a workflow: close this one and open it again to have it checked."
)
NOT_ALLOWED = (
    "::error::The branch is there, but no pull request could be opened. Allow it in Settings, "
    "Actions, General: 'Allow GitHub Actions to create and approve pull requests'. Or open it "
    "yourself: https://github.com/{}/compare/main...{}"
)


def git(*words, **options):
    done = run(["git", *words], cwd=ROOT, check=True, stdout=PIPE, encoding="utf-8", **options)
    return done.stdout.strip()


def set_address(address):
    """Write the address into pyproject.toml, and from there into everything else."""
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'(?m)^(Repository = "https://github\.com/)[^"]*', rf"\g<1>{address}", text)
    path.write_text(text, encoding="utf-8", newline="\n")
    refresh()


def push():
    """Push what has changed as one commit; the same change to the same main is the same commit."""
    date = git("log", "-1", "--format=%cI")
    people = {}
    for role in ("AUTHOR", "COMMITTER"):
        people[f"GIT_{role}_NAME"] = "github-actions[bot]"
        people[f"GIT_{role}_EMAIL"] = "41898282+github-actions[bot]@users.noreply.github.com"
        people[f"GIT_{role}_DATE"] = date
    git("switch", "--create", BRANCH)
    git("commit", "--all", "--message", TITLE, env=os.environ | people)
    git("push", "--force", "origin", BRANCH)


def open_pull_request(address):
    """Open one, unless there is one from this branch, which the push has brought up to date."""
    asked = ["gh", "pr", "list", "--head", BRANCH, "--json", "number", "--jq", ".[].number"]
    if run(asked, cwd=ROOT, check=True, stdout=PIPE).stdout.strip():
        return
    options = ["--base", "main", "--head", BRANCH, "--title", TITLE, "--body", BODY]
    if run(["gh", "pr", "create", *options], cwd=ROOT, check=False).returncode:
        sys.exit(NOT_ALLOWED.format(address, BRANCH))


def main():
    address = os.environ["GITHUB_REPOSITORY"]
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    if event["repository"]["fork"]:
        return  # its links lead to where it comes from
    if not re.fullmatch(r"[\w-]+/[\w.-]+", address, re.ASCII):
        sys.exit(f"GITHUB_REPOSITORY must be OWNER/NAME. Received: {address!r}")
    set_address(address)
    if git("status", "--porcelain"):
        push()
        open_pull_request(address)


if __name__ == "__main__":
    main()
