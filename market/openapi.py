"""`python -m market.openapi > openapi.json`: the API's contract, the same text every time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from market.api.app import create_app


def document() -> str:
    """The OpenAPI 3.1 document as stable JSON."""
    schema = create_app(None, Path("frontend/dist")).openapi()
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
