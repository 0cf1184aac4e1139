"""Uploads that break, lie and overflow; downloads for those entitled."""

from __future__ import annotations

from pathlib import Path

import pytest

from market.blobs import files
from protocol.client.wire import UploadRequest
from protocol.errors import BlobIncomplete, BlobMismatch, BlobTooLarge, Conflict, NotFound
from protocol.units import Address, ContentId, content_id
from tests.market.stage import MODULE, Stage


def test_an_upload_is_continued_where_it_broke(stage: Stage) -> None:
    client = stage.client(stage.person())
    data = b"first half, second half"
    blob = content_id(data)
    client.create_upload(UploadRequest(blob_id=blob, size_bytes=len(data)))
    assert client.patch_upload(blob, 0, data[:10]).offset_bytes == 10
    with pytest.raises(BlobIncomplete):
        client.patch_upload(blob, 0, data[:10])
    upload = client.create_upload(UploadRequest(blob_id=blob, size_bytes=len(data)))
    assert (upload.offset_bytes, upload.is_complete) == (10, False)
    assert client.patch_upload(blob, 10, data[10:]).is_complete
    assert client.has_blob(blob)


def test_other_bytes_than_promised_are_forgotten(stage: Stage) -> None:
    client = stage.client(stage.person())
    blob = content_id(b"promised")
    client.create_upload(UploadRequest(blob_id=blob, size_bytes=8))
    with pytest.raises(BlobMismatch):
        client.patch_upload(blob, 0, b"promise!")
    with pytest.raises(NotFound):
        client.upload(blob)


def test_more_bytes_than_announced_are_refused(stage: Stage) -> None:
    client = stage.client(stage.person())
    blob = content_id(b"short")
    client.create_upload(UploadRequest(blob_id=blob, size_bytes=5))
    with pytest.raises(BlobTooLarge):
        client.patch_upload(blob, 0, b"short and more")
    with pytest.raises(BlobTooLarge):
        client.create_upload(UploadRequest(blob_id=blob, size_bytes=1 << 60))


def test_a_truncated_upload_is_no_blob(stage: Stage) -> None:
    client = stage.client(stage.person())
    blob = content_id(b"whole")
    client.create_upload(UploadRequest(blob_id=blob, size_bytes=5))
    client.patch_upload(blob, 0, b"who")
    assert not client.has_blob(blob)


def test_empty_blobs_are_blobs(stage: Stage, tmp_path: Path) -> None:
    client = stage.client(stage.person())
    blob = client.put_blob(b"")
    assert client.fetch_blob(blob, tmp_path / "empty").read_bytes() == b""


def test_knowing_a_digest_gives_nothing(stage: Stage, tmp_path: Path) -> None:
    owner, thief = stage.client(stage.person()), stage.client(stage.person())
    blob = owner.put_blob(b"secret")
    with pytest.raises(NotFound):
        thief.fetch_blob(blob, tmp_path / "stolen")
    upload = thief.create_upload(UploadRequest(blob_id=blob, size_bytes=6))
    assert not upload.is_complete
    with pytest.raises(NotFound):
        thief.fetch_blob(blob, tmp_path / "stolen")


def test_a_device_sees_the_inputs_of_its_leases_alone(stage: Stage, tmp_path: Path) -> None:
    device, requester = stage.provider(50), stage.person(100)
    stage.job(requester, 8)
    module = content_id(MODULE)
    with pytest.raises(NotFound):
        device.client.fetch_blob(module, tmp_path / "early")
    grant = device.client.lease()
    assert grant is not None
    assert device.client.fetch_blob(module, tmp_path / "module").read_bytes() == MODULE
    for blob in grant.task_inputs:
        device.client.fetch_blob(ContentId(blob), tmp_path / blob)
    with pytest.raises(NotFound):
        device.client.fetch_blob(content_id(b"input 7"), tmp_path / "other")


def test_a_blob_that_was_lost_with_the_power_is_uploaded_again(stage: Stage) -> None:
    """Uploads are forced to the disk when something relies on them; until then they can vanish."""
    requester = stage.person(100)
    draft = stage.draft(requester)
    lost = stage.market.settings.data_directory / "blobs"
    digits = draft.spec.task_list.removeprefix("sha256:")
    (lost / digits[:2] / digits[2:]).write_bytes(b"")
    client = stage.client(requester)
    assert not client.has_blob(draft.spec.task_list)
    with pytest.raises(BlobIncomplete):
        draft.post()
    stage.draft(requester)
    assert draft.post().job_id == draft.job_id


def test_ranges(stage: Stage) -> None:
    client = stage.client(stage.person())
    blob = client.put_blob(b"0123456789")
    headers = {"Authorization": f"Bearer {client.session().token}", "Range": "bytes=4-6"}
    answer = stage.http.get(f"{stage.url}/v1/blobs/{blob}", headers=headers)
    assert answer.status_code == 206
    assert answer.content == b"456"
    assert answer.headers["etag"] == f'"{blob}"'


def test_an_account_has_so_many_uploads_open(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.blobs.files.MAX_OPEN_UPLOADS", 3)
    client = stage.client(stage.person())
    requests = [UploadRequest(blob_id=content_id(bytes([n])), size_bytes=1) for n in range(4)]
    for request in requests[:3]:
        client.create_upload(request)
    with pytest.raises(Conflict):
        client.create_upload(requests[3])
    client.create_upload(requests[0])  # one that is open goes on
    client.patch_upload(ContentId(requests[0].blob_id), 0, bytes([0]))
    client.create_upload(requests[3])
    monkeypatch.setattr("market.blobs.files.PART_SECONDS", -1)  # given up
    client.create_upload(UploadRequest(blob_id=content_id(b"other"), size_bytes=5))


def test_a_second_upload_makes_a_blob_no_less_safe(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file takes the place of one that was forced to the disk, for which somebody was paid."""
    synced: list[str] = []
    sync = files._sync

    def spied(path: Path) -> None:
        synced.append(str(path))
        sync(path)

    monkeypatch.setattr(files, "_sync", spied)
    stage.client(stage.person()).put_blob(b"relied on")
    assert not synced
    stage.client(stage.person()).put_blob(b"relied on")
    assert ["/parts/" in path for path in synced] == [True]


def test_a_state_is_shown_only_if_a_party_of_its_dispute_has_sent_it(
    stage: Stage, tmp_path: Path
) -> None:
    """The parties choose its digest: it could be that of somebody's secret."""
    party, member, stranger = stage.person(), stage.person(), stage.person()
    own, hers, theirs = (stage.client(wallet) for wallet in (party, member, stranger))
    state, secret = own.put_blob(b"a state"), theirs.put_blob(b"a secret")
    parties, judge = {Address(party.address)}, Address(member.address)
    for blob in (state, secret, content_id(b"nobody has it")):
        with stage.market.store.write() as unit:
            unit.blobs.share(blob, parties, judge)
    assert hers.fetch_blob(state, tmp_path / "state").read_bytes() == b"a state"
    with pytest.raises(NotFound):
        hers.fetch_blob(secret, tmp_path / "secret")
