"""The clinics' day for Locust: `locust -f loadtests/locustfile.py --host http://...`."""

from reprise_loadtests.users import Clinic

__all__ = ["Clinic"]
