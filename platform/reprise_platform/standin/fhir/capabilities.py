"""What this server can do, in FHIR's words; no login is needed to read it."""

from __future__ import annotations

import datetime as dt

from reprise_platform.standin.fhir import moments
from reprise_platform.standin.fhir.parts import Shown
from reprise_platform.standin.fhir.searches import TABLES
from reprise_platform.standin.jsonvalues import Json


def statement(base: str) -> Shown:
    """Return the capability statement."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    resources: list[Json] = [
        {
            "type": kind,
            "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": name} for name in sorted(tables[0].parameters)],
        }
        for kind, tables in TABLES.items()
    ]
    return {
        "resourceType": "CapabilityStatement",
        "name": "RestServer",
        "status": "active",
        "date": moments.to_instant(now),
        "kind": "instance",
        "software": {"name": "OpenMRS FHIR Server"},
        "implementation": {"description": "OpenMRS FHIR2 R4 Server", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": resources}],
    }
