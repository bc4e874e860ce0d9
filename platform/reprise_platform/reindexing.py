"""Search made whole again after a restore: OpenMRS is told to make its index anew.

The index lies outside the database. OpenMRS started on a restored one finds no patient by
name, though it reads each by uuid, and says nothing of it.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from http import HTTPStatus
from urllib.error import HTTPError, URLError

from reprise_platform import openmrs, tls
from reprise_platform.access import Access
from reprise_platform.errors import WaitTimeout
from reprise_platform.waiting import until

_EVERY_S = 1.0


def rebuild(access: Access, *, within_s: float) -> None:
    """Ask, by the clinics' front door, until OpenMRS has made its index anew.

    By the door and not by each pod: one path on every site, with the clinics' own login.
    Replicas that share their index, as they must, need to be asked once.

    Raises:
        WaitTimeout: it did not in its time; the last answer is in the message.
    """
    path = f"{openmrs.REST_PATH}/searchindexupdate"
    login = json.loads(access.clinic_credentials.read_text(encoding="utf-8"))
    pair = f"{login['username']}:{login['password']}".encode()
    request = urllib.request.Request(  # noqa: S310 - the site's own door
        f"{access.front_door}{path}",
        data=b"{}",
        method="POST",
        headers={
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/json",
        },
    )
    said = ["nothing"]

    def done() -> bool:
        try:
            context = None
            if access.front_door.startswith("https:"):
                context = tls.context(access.authority)
            with urllib.request.urlopen(  # noqa: S310
                request, timeout=within_s, context=context
            ) as answer:
                said[0] = str(answer.status)
                return bool(answer.status == HTTPStatus.NO_CONTENT)
        except HTTPError as error:
            said[0] = str(error.code)
        except (URLError, OSError) as error:
            said[0] = type(error).__name__
        return False

    what = "the search index made anew"
    try:
        until(done, within_s=within_s, every_s=_EVERY_S, what=what)
    except WaitTimeout as error:
        msg = f"{error}; POST {path} was last answered: {said[0]}"
        raise WaitTimeout(msg) from error
