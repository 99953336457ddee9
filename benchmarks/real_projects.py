"""Open projects whose histories are captured, and where they come from."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A history inside a package, or inside a repository: ``owner/name@commit``.

    *runs* says that it can be run: nothing but a database is needed. *first* is the metadata,
    ``module:name``, of tables that were there before the history, *installed* whether its
    migrations import more than comes with the package. *extras* are packages with operations
    that its env.py imports. *part* is the name of one of several histories.
    """

    package: str
    folder: str
    runs: bool = False
    first: str | None = None
    installed: bool = False
    extras: tuple[str, ...] = ()
    part: str = ""

    @property
    def name(self) -> str:
        """The package and, where it has several histories, which."""
        place, _, commit = self.package.partition("@")
        return " ".join(filter(None, (f"{place}@{commit[:7]}" if commit else place, self.part)))

    @property
    def place(self) -> str:
        """What is fetched, without its version."""
        return re.split("==|@", self.package)[0]


PREFECT = "prefect/server/database/_migrations/versions"
PROJECTS = (
    Project("ckan==2.12.0", "ckan/migration", runs=True),
    Project("prefect==3.4.0", f"{PREFECT}/postgresql", runs=True, installed=True),
    Project(
        "mlflow-skinny==3.17.2",
        "mlflow/store/db_migrations",
        runs=True,
        first="mlflow.store.tracking.dbmodels.initial_models:Base.metadata",
        installed=True,
    ),
    Project(
        "mlflow-skinny==3.17.2",
        "mlflow/server/auth/db/migrations",
        runs=True,
        installed=True,
        part="auth",
    ),
    Project("optuna==5.0.0", "optuna/storages/_rdb/alembic", runs=True, installed=True),
    Project("zou==1.0.97", "zou/migrations"),
    Project("indico==3.2.9", "indico/migrations"),
    Project("apache-airflow-core==3.3.2", "airflow/migrations"),
    Project("ethyca-fides==2.78.2", "fides/api/alembic/migrations"),
    Project("flexmeasures==1.0.1", "flexmeasures/data/migrations"),
    Project("aiida-core==2.9.4", "aiida/storage/psql_dos/migrations"),
    Project("bodhi-server==26.4.0", "bodhi/server/migrations"),
    Project("jupyterhub==6.1.1", "jupyterhub/alembic"),
    Project("galaxy-data==26.1.2", "galaxy/model/migrations/alembic/versions_gxy"),
    Project(
        "pypi/warehouse@6b62157124ab7865029afeeadf282bce27d601d9",
        "warehouse/migrations",
        runs=True,
        extras=("alembic-postgresql-enum==1.11.0",),
    ),
    Project(
        "polarsource/polar@c6c3645e639ee8eeaa05aa0835cf8e39e330382f",
        "server/migrations",
        runs=True,
        extras=("alembic-utils==0.8.8", "flupy==1.2.5", "parse==1.22.4"),
    ),
    Project("Skyvern-AI/skyvern@07222e7a7caae79aacd5908c30e4a4445fce5f9b", "alembic", runs=True),
    Project("alphagov/notifications-api@8ea236603c43fe96df83459e9b37e0a7c45769a2", "migrations"),
    Project("MTES-MCT/mobilic-api@94ff988588cbf295084b82d336d249e571db651c", "migrations"),
    Project("skyportal/skyportal@8bd346c0d453f3a69d457056e621bb50607e7ab1", "alembic"),
    Project("hypothesis/h@24395ca438e3bd4b5c301e30ab81ca1d024ee840", "h/migrations"),
    Project("quay/quay@ffba0c70e2d8d522290a4fbbaa704dbf2fc37f34", "data/migrations"),
    Project(
        "rucio/rucio@2e14c417ba068b8605fc4df18179e8f45fa133a1", "lib/rucio/db/sqla/migrate_repo"
    ),
    Project(
        "openstack/neutron@2131d26f73262ec89a5d3e3e0d65521df4908e65",
        "neutron/db/migration/alembic_migrations",
    ),
    Project("openstack/nova@00a030403f672b975364c855b7d25b40ef83e757", "nova/db/main/migrations"),
    Project(
        "openstack/nova@00a030403f672b975364c855b7d25b40ef83e757",
        "nova/db/api/migrations",
        part="api",
    ),
    Project(
        "fedora-copr/copr@5d37cd838218ab0097d1da08b1682094b95b9ac6",
        "frontend/coprs_frontend/alembic",
    ),
    Project("hotosm/tasking-manager@5a4da86619d91f7578b762b6ede7f9d1b7c30c00", "migrations"),
    Project("dfir-iris/iris-web@e6aa4ba3de745c20df3fdd77e1c7369333bd1c7a", "source/app/alembic"),
    Project(
        "chaoss/augur@109511bf6f9699ad859b9a6f446aaf83c2754064",
        "augur/application/schema/alembic",
    ),
)


def fetched(project: Project, folder: Path) -> Path:
    """The package of *project* in a folder below *folder*, with what it needs if it has to run."""
    name = project.place.replace("/", "+")
    target = folder / name / ("site-packages" if project.installed else "source")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    extras = folder / name / "extras"
    if project.extras and not extras.exists():
        run([*pip, "install", "--no-deps", "--target", str(extras), *project.extras])
    if target.exists():
        return target
    if "@" in project.package:
        return _cloned(project, target)
    if project.installed:
        run([*pip, "install", "--target", str(target), project.package])
        return target
    wheels = folder / name
    only = ["--no-deps", "--only-binary", ":all:"]
    run([*pip, "download", *only, "--dest", str(wheels), project.package])
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def _cloned(project: Project, target: Path) -> Path:
    commit = project.package.partition("@")[2]
    git = ["git", "-C", str(target)]
    run(["git", "init", "--quiet", str(target)])
    run([*git, "fetch", "--quiet", "--depth", "1", f"https://github.com/{project.place}", commit])
    run([*git, "checkout", "--quiet", "FETCH_HEAD"])
    return target


def run(command: Sequence[str]) -> str:
    """What *command* prints; it ends this program when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout
