"""Print the JSON Schema of `results.json`, to be kept in `reports/results.schema.json`."""

from __future__ import annotations

import sys

from reprise_pra.analysis.results_json import json_schema

sys.stdout.write(json_schema())
