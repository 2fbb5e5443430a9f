"""The job in Spark: in this machine's processes, or on the machines that `master` names.

Rules kept here:
- on this machine nothing listens but on the loopback address, there is no web page of the job, and what is written
  aside is encrypted and lies in the folder of the job;
- rows of one key meet in one of so many partitions (`spark.sql.shuffle.partitions`).

Elsewhere (`master` other than `local…`) the folder of the job must be one that all machines see, Passerelle must be
installed there, and how the machines trust each other is set up in Spark's own configuration.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import passerelle
from passerelle.core.errors import InputError
from passerelle.screening.join.scorer import NAME, name_score
from passerelle.screening.join.sql import TWICE, Hit, Job

_LOG = """status = error
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = Spark: %m%n%ex{short}
"""


def hits(job: Job, tables: dict[str, Path], work: Path, *, memory: int, partitions: int, master: str) -> Iterator[Hit]:
    """The hits, by traveller. `tables`: travellers and entries, in `work`. Raises InputError."""
    check()
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import arrow_udf

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if master.startswith("local"):
        os.environ.setdefault("SPARK_CONF_DIR", str(_quiet(work)))
    making: Any = SparkSession.builder
    for name, value in _settings(work, memory, partitions, master).items():
        making = making.config(name, value)
    session = making.getOrCreate()
    try:
        made: Any = arrow_udf(name_score, "double")
        session.udf.register(NAME, made.asNondeterministic())  # called once a row, as in DuckDB
        for name, path in tables.items():
            session.read.parquet(str(path)).createOrReplaceTempView(name)
        for name in tables:
            if rows := session.sql(TWICE.format(table=name)).collect():
                twice = rows[0]
                raise InputError(f"{name}: expected each id once, got {twice[0]!r} twice")
        for row in session.sql(job.text()).toLocalIterator():
            yield Hit(**row.asDict())
    finally:
        session.stop()


def _quiet(work: Path) -> Path:
    """A folder of settings with which Spark tells errors only, from its first line on."""
    folder = work / "settings"
    folder.mkdir()
    (folder / "log4j2.properties").write_text(_LOG)
    return folder


def check() -> None:
    """Raises InputError when Spark or Java is not here."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise InputError("--engine spark: expected pyspark installed (passerelle[spark]), got none") from None
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise InputError("--engine spark: expected Java 17 or newer (JAVA_HOME, or java on the path), got none")


def _settings(work: Path, memory: int, partitions: int, master: str) -> dict[str, str]:
    settings = {
        "spark.app.name": "passerelle names join",
        "spark.master": master,
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.io.encryption.enabled": "true",
        "spark.driver.memory": f"{memory}m",
    }
    if master.startswith("local"):
        settings |= {
            "spark.local.dir": str(work / "spilled"),
            "spark.executorEnv.PYTHONPATH": str(Path(passerelle.__file__).parents[1]),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    return settings
