"""What the tests of the admin API share.

Knows when an admin API starts and stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.served import Admin


@pytest.fixture
def bare_admin(tmp_path: Path) -> Iterator[Admin]:
    """An admin API without an administrator."""
    admin = Admin(tmp_path)
    yield admin
    admin.close()


@pytest.fixture
def admin(bare_admin: Admin) -> Admin:
    """An admin API whose administrator has ``ADMIN_KEY``."""
    bare_admin.set_admin_key()
    return bare_admin


@pytest.fixture(scope="module")
def still_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """As ``admin``, shared by the tests of a file that change nothing."""
    admin = Admin(tmp_path_factory.mktemp("admin"))
    admin.set_admin_key()
    yield admin
    admin.close()
