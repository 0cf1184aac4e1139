"""Content-addressed blobs: uploads and downloads that can be continued, and who may have what."""
