"""The built web app at /, every unknown page being the app's own to show."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response

from protocol.errors import NotFound

_NO_APP = "The market is running. The web app is not built: npm run build in frontend/.\n"
_RESERVED = ("v1", "openapi.json", "healthz", "readyz")


def install(app: FastAPI, directory: Path) -> None:
    """Serve `directory` (frontend/dist) below the API."""
    root = directory.resolve()
    router = APIRouter()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def web_app(path: str) -> Response:
        if path.partition("/")[0] in _RESERVED:
            raise NotFound(f"there is no /{path}")
        try:
            return _page(root, path)
        except (ValueError, OSError):  # a NUL, or longer than any file's name
            raise NotFound("there is no such page") from None

    app.include_router(router)


def _page(root: Path, path: str) -> Response:
    file = (root / path).resolve()
    if path and file.is_relative_to(root) and file.is_file():
        forever = path.startswith("assets/")
        cache = "public, max-age=31536000, immutable" if forever else "no-cache"
        return FileResponse(file, headers={"Cache-Control": cache})
    index = root / "index.html"
    if not index.is_file():
        return PlainTextResponse(_NO_APP)
    if Path(path).suffix:
        raise NotFound(f"there is no /{path}")
    return FileResponse(index, headers={"Cache-Control": "no-cache"})
