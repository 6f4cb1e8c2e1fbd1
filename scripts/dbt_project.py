"""What the scripts that run real dbt on the demo project share: a private copy of the project, and dbt itself.

A copy, because dbt writes logs, packages and databases beside the project, and because nothing of a checkout's path should
reach the files that are committed.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = ROOT / "demo" / "dbt"
PACKAGES = ROOT / "demo" / "dbt-packages"
PYTHON = ROOT / ".venv" / "bin" / "python"


def enter_environment() -> None:
    """Goes on in `.venv`, making it first when it is missing or old."""
    subprocess.run([ROOT / "scripts" / "setup-python"], check=True)
    if pathlib.Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


class ProjectCopy:
    """A copy of the demo project in a temporary directory that goes away at the end of the `with` block."""

    def __enter__(self) -> "ProjectCopy":
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="tailwater-dbt-")).resolve()
        # Beside the project there are only things that dbt does not read, or that it makes itself.
        unneeded = shutil.ignore_patterns("target", "logs", "dbt_packages", "oracle", "*.duckdb", "*.duckdb.wal")
        self.project = self.base / "dbt"
        shutil.copytree(PROJECT, self.project, ignore=unneeded)
        shutil.copytree(PACKAGES, self.base / "dbt-packages")
        self.run("deps")
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.base)

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> None:
        """Runs `dbt ARGUMENTS` in the copy; ends the script when its exit code is not among the accepted ones."""
        # The person's own settings for dbt must not change what is built.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "SHOP_"))}
        environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "0"
        # dbt keeps some lists in sets; with a fixed seed it writes them in the same order each time.
        environment["PYTHONHASHSEED"] = "0"
        command = [str(PYTHON.with_name("dbt")), "--quiet", *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode not in accept:
            print(done.stdout, file=sys.stderr)
            sys.exit(f"error: `dbt {' '.join(arguments)}` ended with {done.returncode}")
