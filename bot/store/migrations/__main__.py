"""`python -m bot.store.migrations "add the table of keys"` writes the next step; see README.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.store.base import StoreLimits
from bot.store.database import Database, alembic_config


def write_step(message: str, config: Config) -> Path:
    """Compare `tables.py` with what the steps so far make, and write the difference as a step.

    Returns:
        The new module; without a difference its functions are empty, to be filled by hand.
    """
    number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/steps.db", StoreLimits())
        with database.writing() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
            step = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        database.forget()
    if step is None or isinstance(step, list):
        raise RuntimeError("Alembic made no single step")
    return Path(step.path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write_step(sys.argv[1], alembic_config()))
