"""The connection to the database: its file, its pragmas, its version, its faults in plain words.

Which statements run is left to `tables`, when to write to `writer`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import column, table

from bot.errors import StoreError
from bot.store.base import StoreLimits
from bot.store.tables import REVISION, metadata, visits

if TYPE_CHECKING:
    from alembic.config import Config

# What can go wrong with a database; anything else is a fault of the caller.
FAULTS = (SQLAlchemyError, OSError, StoreError)

# Primary result codes of SQLite: SQLITE_CORRUPT and SQLITE_NOTADB.
_DAMAGED = (11, 26)
_VERSION = table("alembic_version", column("version_num"))


class Database:
    """One database, which may go away and come back; opened by `prepare`, not before.

    `prepare` and `forget` are called from one thread at a time, all else from any.
    """

    def __init__(self, address: str, limits: StoreLimits) -> None:
        url = _parse(address)
        self.where = url.render_as_string(hide_password=True)
        self._sqlite = url.get_backend_name() == "sqlite"
        self._path = _path(url) if self._sqlite else None
        if self._path:
            # Absolute, so that a later change of the working folder makes no second file.
            url = url.set(database=str(self._path))
        self._engine = _engine(url, limits)
        if self._sqlite:
            _follow_sqlite(self._engine, limits.busy_ms)
        self._prepared_file: tuple[int, int] | None = None
        self._checked = False

    @property
    def ready(self) -> bool:
        """Whether the tables are there, in the very file that was prepared."""
        return self._prepared_file is not None and self._prepared_file == self._file()

    def prepare(self) -> None:
        """Make the file and its folder if need be, and bring the tables up to date.

        Raises:
            StoreError: If the file is damaged or of another program or version.
            SQLAlchemyError, OSError: If it is out of reach for now.
        """
        if self.ready:
            return
        self.forget()
        if self._path:
            _make_file(self._path)
        try:
            if self._sqlite and not self._checked:
                self._check()
            with self.changing_tables() as conn:
                upgrade(conn, self.where)
        except DBAPIError as error:
            if _is_damaged(error):
                raise self._damaged(explain(error)) from error
            raise
        self._prepared_file = self._file()

    def forget(self) -> None:
        """Let go of all connections; the next `prepare` looks at the database afresh."""
        self._prepared_file = None
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._engine.connect() as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start and is committed at the end."""
        with self._engine.connect().execution_options(writes=True) as conn, conn.begin():
            yield conn

    @contextmanager
    def changing_tables(self) -> Iterator[Connection]:
        """A writing transaction in which a table can be copied and the old one dropped."""
        # While SQLite enforces foreign keys, dropping a table deletes the rows that refer to it.
        connection = self._engine.connect().execution_options(writes=True, free_keys=True)
        with connection as conn, conn.begin():
            yield conn
        self._engine.dispose()

    def ping(self) -> None:
        """Read a row of a table of ours, if there is one."""
        with self.reading() as conn:
            conn.execute(select(visits.c.visit_id).limit(1)).first()

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, where erased rows would stay readable for a while."""
        if not self._sqlite:
            return
        with suppress(*FAULTS):
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                raw.close()

    def _check(self) -> None:
        with self.reading() as conn:
            found = conn.execute(text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            # Its lines go from the general to the particular.
            raise self._damaged(str(found).splitlines()[-1])
        self._checked = True

    def _file(self) -> tuple[int, int] | None:
        # A SQLite file that is removed can still be written to by who has it open, and what is
        # written is lost. While a connection is open its inode is not given to another file.
        if not self._path:
            return (0, 0)
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return (stat.st_dev, stat.st_ino)

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"the file is damaged or no SQLite database ({why})",
            expected="a database of Quotewell: move the file away together with those ending in "
            "-wal and -shm, and start again; a new one is made and only recent visits are lost",
            where=self.where,
        )


def upgrade(conn: Connection, where: str = "database") -> None:
    """Bring the tables to this version's state, within the transaction that is open.

    Raises:
        StoreError: If the version is unknown, or tables of ours have none.
    """
    names = set(inspect(conn).get_table_names())
    # After going down to nothing Alembic's table is there, without a row.
    version = conn.scalar(select(_VERSION.c.version_num)) if _VERSION.name in names else None
    if version == REVISION:
        return
    if version is not None:
        _check_known(version, where)
    elif taken := sorted(names & set(metadata.tables)):
        raise StoreError(
            f"tables of another program ({', '.join(taken)})",
            expected="a database for Quotewell alone",
            where=where,
        )
    from alembic import command

    command.upgrade(alembic_config(conn), "head")


def alembic_config(conn: Connection | None = None) -> Config:
    """Alembic's settings for our migrations; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.attributes["connection"] = conn
    return config


def explain(error: BaseException) -> str:
    """What went wrong in a few words, without statement or values.

    `OperationalError(... [SQL: INSERT ...])` -> `database is locked`;
    `PermissionError(13, ...)` -> `/var/quotewell: Permission denied`
    """
    if isinstance(error, DBAPIError):
        return str(error.orig).strip().split("\n")[0]
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else type(error).__name__
    if isinstance(error, StoreError):
        return str(error)
    return type(error).__name__


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
        url.get_dialect()
    except SQLAlchemyError as error:
        raise StoreError(
            f"no address of a database ({explain(error)})",
            expected="one such as sqlite:///folder/file.db",
            where="database_url",
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError(
            "a database in memory",
            expected="a file, or an empty address to keep visits in memory only",
            where="database_url",
        )
    return url


def _path(url: URL) -> Path | None:
    name = url.database or ""
    # SQLite's own "file:" addresses are left to it; they can name more than a file.
    return None if name.startswith("file:") else Path(name).absolute()


def _engine(url: URL, limits: StoreLimits) -> Engine:
    try:
        # hide_parameters: values of rows appear in no error. pool_timeout: readers who find all
        # connections taken do without, rather than wait.
        return create_engine(
            url, hide_parameters=True, pool_size=8, pool_timeout=limits.busy_ms / 1000
        )
    except ImportError as error:
        raise StoreError(
            f"the driver {error.name} is not installed",
            expected="sqlite, or the driver's package beside Quotewell",
            where="database_url",
        ) from error


def _follow_sqlite(engine: Engine, busy_ms: int) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # Python's sqlite3 would begin transactions by itself, too late and never before DDL.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={int(busy_ms)}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        options = conn.get_execution_options()
        if options.get("free_keys"):
            conn.exec_driver_sql("PRAGMA foreign_keys=OFF")
        conn.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _make_file(path: Path) -> None:
    # Which sections a visitor was shown is nobody else's business on this machine.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _is_damaged(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _check_known(version: str, where: str) -> None:
    from alembic.script import ScriptDirectory

    known = {s.revision for s in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if version not in known:
        raise StoreError(
            f"tables of version {version}, which this Quotewell does not know",
            expected=f"{REVISION} or older: update Quotewell, or move the database away "
            "and start again with a new one",
            where=where,
        )
