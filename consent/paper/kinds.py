"""What a file is by the bytes it begins with; its name and declared type are not asked."""

from consent.paper import limits

PDF, HEIC = "PDF", "HEIF"
MEDIA_TYPES = {
    PDF: "application/pdf", "JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "WEBP": "image/webp",
    HEIC: "image/heic",
}  # fmt: skip

MANY_PAGES = {PDF, "TIFF"}


def largest(kind: str) -> int:
    """How many bytes a file of a kind may have."""
    return limits.PILE if kind in MANY_PAGES else limits.BYTES


def of(content: bytes) -> str:
    """The kind of a file, one of MEDIA_TYPES; "" for what is not read here. 1024 bytes are enough."""
    head = content[:32]
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}:
        return HEIC
    return PDF if b"%PDF-" in content[:1024] else ""
