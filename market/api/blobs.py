"""Uploads that can be continued, downloads that can be continued."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import BlobId, Upload, UploadRequest
from protocol.units import ContentId

PIECE_BYTES = 1 << 20
OFFSET_HEADER = "Upload-Offset"
router = APIRouter(tags=["blobs"])


@router.post("/v1/uploads", responses={201: {"model": Upload}})
def create_upload(
    body: UploadRequest, who: PrincipalDep, services: ServicesDep, response: Response
) -> Upload:
    """Announce a blob: 201 if bytes are still missing, 200 if all are here."""
    upload = services.uploads.announce(who, ContentId(body.blob_id), body.size_bytes)
    response.status_code = 200 if upload.is_complete else 201
    return upload


@router.get("/v1/uploads/{blob_id}")
def get_upload(blob_id: BlobId, who: PrincipalDep, services: ServicesDep) -> Upload:
    """How far an upload of one's own has come."""
    return services.uploads.get(who, ContentId(blob_id))


@router.head("/v1/uploads/{blob_id}")
def head_upload(blob_id: BlobId, who: PrincipalDep, services: ServicesDep) -> Response:
    """The same in headers: `Upload-Offset` and `Upload-Length`."""
    upload = services.uploads.get(who, ContentId(blob_id))
    headers = {OFFSET_HEADER: str(upload.offset_bytes), "Upload-Length": str(upload.size_bytes)}
    return Response(headers=headers)


@router.patch(
    "/v1/uploads/{blob_id}",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def append_upload(
    blob_id: BlobId,
    request: Request,
    who: PrincipalDep,
    services: ServicesDep,
    upload_offset: Annotated[int, Header(ge=0)],
) -> Upload:
    """Append bytes from `Upload-Offset` on. What arrived is kept, even if the rest does not."""
    uploads, blob = services.uploads, ContentId(blob_id)
    offset, piece = upload_offset, bytearray()
    async for chunk in request.stream():
        piece += chunk
        if len(piece) >= PIECE_BYTES:
            await run_in_threadpool(uploads.append, who, blob, offset, bytes(piece))
            offset += len(piece)
            piece.clear()
    return await run_in_threadpool(uploads.finish, who, blob, offset, bytes(piece))


@router.get("/v1/blobs/{blob_id}", response_class=FileResponse)
def get_blob(blob_id: BlobId, who: PrincipalDep, services: ServicesDep) -> FileResponse:
    """A blob's bytes, for those entitled to it; `Range` and `If-Range` work."""
    path = services.downloads.path(who, ContentId(blob_id))
    headers = {
        "ETag": f'"{blob_id}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": "attachment",
    }
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
