"""The environment."""

from __future__ import annotations

import pytest

from reprise_platform.standin.settings import SettingsError, read_settings

_NEEDED = {
    "OMRS_DB_HOSTNAME": "database",
    "OMRS_DB_USERNAME": "openmrs",
    "OMRS_DB_PASSWORD": "secret-1",
    "OMRS_ADMIN_USER_PASSWORD": "secret-2",
}


def test_defaults() -> None:
    """Four variables suffice; passwords do not show when settings are printed."""
    settings = read_settings(_NEEDED)
    assert (settings.db_port, settings.db_name) == (3306, "openmrs")
    assert settings.listen == "0.0.0.0:8080"
    assert "secret" not in repr(settings)


def test_all_problems_at_once() -> None:
    """Every missing or wrong variable is named in one message."""
    with pytest.raises(SettingsError) as caught:
        read_settings({"OMRS_DB_PORT": "x", "STANDIN_THREADS": "0"})
    for name in (*_NEEDED, "OMRS_DB_PORT", "STANDIN_THREADS"):
        assert name in str(caught.value)


def test_attachments_are_kept_where_openmrs_is_told() -> None:
    """OpenMRS' own names; all that a bucket needs is asked for at once."""
    assert read_settings(_NEEDED).s3 is None
    with pytest.raises(SettingsError) as caught:
        read_settings(_NEEDED | {"storage.type": "s3"})
    for name in ("endpoint", "bucketName", "accessKeyId", "secretAccessKey"):
        assert f"storage.s3.{name}" in str(caught.value)
