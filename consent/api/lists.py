"""Lists in and out, for programs: bring one in, say what its columns mean, look, record or undo; take records out."""

import tempfile
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from consent import http
from consent.api import answers, bodies, v1
from consent.canonical import moment
from consent.errors import BadInput
from consent.exports import taking_out
from consent.exports.lines import Wanted
from consent.imports import keeping, mapping, reading, steps, verdicts
from consent.imports.encoding import Encoding
from consent.imports.mapping import Columns
from consent.models import ApiKey, Company, Import, ImportPart
from consent.vocabulary import Channel, State

router = Router(tags=["Lists"])
IN = v1.Key(ApiKey.Scope.IMPORTS.value)
OUT = v1.Key(ApiKey.Scope.EXPORTS.value)

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NDJSON = "application/x-ndjson"
NAMES = {CSV: "list.csv", XLSX: "list.xlsx", NDJSON: "list.ndjson"}

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in NAMES},
    }
}
_FILES: dict[str, Any] = {
    "responses": {
        200: {
            "description": "OK",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("text/csv", NDJSON, "application/vnd.apache.parquet")
            },
        }
    }
}


# In several lines, as evidence is told.
type Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class Meanings(Schema):
    """Which column holds what, by its heading, and what holds for every row where no column does."""

    model_config = ConfigDict(extra="forbid", strict=True)
    columns: dict[str, str] = Field(
        description=f"From each of {', '.join(mapping.COLUMNS)} to the heading of its column.", max_length=9
    )
    purpose: Annotated[str, StringConstraints(max_length=40)] = ""
    channel: Annotated[str, StringConstraints(max_length=8)] = Field("", description="Or `all`, of opt-outs.")
    source: Text = ""
    evidence: Text = ""
    encoding: Literal["", "windows-1252"] = Field(
        "", description="Confirms the encoding that was proposed for a list that staff brought in."
    )
    day_first: bool = Field(True, description="Whether 03/04/2024 is the 3rd of April.")


class ListOut(Schema):
    """A list, and what became or would become of its rows."""

    id: str
    kind: str
    state: str
    rows: int
    headings: list[str]
    columns: dict[str, str] = Field(description="What the columns mean, as guessed or as said.")
    counts: dict[str, int] = Field(description="How many rows got each verdict, in the present step.")
    to_record: int
    created_at: str
    trouble: str = Field(
        description="Empty, or why the list does not go on: `seal.broken`, `unexpected`. It is tried again by itself."
    )


@router.post("/imports", auth=IN, response={201: ListOut}, summary="Bring in a list", openapi_extra=_BODY)
@v1.parameters("kind", "encoding")
def bring(
    request: HttpRequest,
    kind: Annotated[Literal["claims", "opt_outs"], Query()] = "claims",
    encoding: Annotated[Encoding | None, Query()] = None,
) -> Status[ListOut]:
    """CSV, XLSX or JSON lines, up to 1,000,000 rows and 300 MB. Nothing is recorded yet.

    Text is in UTF-8, in UTF-16 if it begins with its mark, or in the `encoding` you name; anything else is refused
    with the line (`file.encoding`): nothing is guessed.

    The same file again is refused while it is on its way (`file.same`), and changes nothing afterwards.
    """
    name = NAMES.get(request.content_type or "")
    if name is None:
        raise BadInput("body.media_type", f"Send {', '.join(NAMES)}.", status=415)
    too_large = BadInput("file.too_large", "Send the list in parts of at most 300 MB.", status=413)
    with http.room(), tempfile.TemporaryFile() as file:
        for piece in bodies.pieces(request, most=reading.LARGEST, too_large=too_large):
            file.write(piece)
        size = file.tell()
        file.seek(0)
        batch = keeping.take_in(
            file, name=name, size=size, company=_company(request), kind=kind, entity=_entity(request),
            encoding=encoding or "",
        )  # fmt: skip
    return Status(201, _told(batch))


@router.get("/imports/{batch}", auth=IN, response=ListOut, summary="A list")
@v1.parameters()
def look(request: HttpRequest, batch: UUID) -> ListOut:
    """Where a list is: `checking` and `committing` go on by themselves, `approval` waits for a second person."""
    return _told(_found(request, batch))


@router.post("/imports/{batch}/columns", auth=IN, response=ListOut, summary="Say what the columns mean")
@v1.parameters()
def columns(request: HttpRequest, batch: UUID, payload: Meanings) -> ListOut:
    """Begins the dry run of old consents; opt-outs are recorded by this."""
    found = _found(request, batch)
    about = keeping.about_if_it_opens(found)
    if about is None:
        raise BadInput("seal.broken", str(verdicts.TROUBLES["seal.broken"]), status=409)
    headings = about.headings
    chosen: dict[str, int] = {}
    for name, heading in payload.columns.items():
        if name not in mapping.COLUMNS or heading not in headings:
            pointer = f"columns/{answers.escaped(name)}"
            raise BadInput("column.unknown", "There is no such column.", pointer=pointer)
        chosen[name] = headings.index(heading)
    steps.begin(
        found,
        Columns(
            chosen, purpose=payload.purpose, channel=payload.channel, source=payload.source,
            evidence=payload.evidence, day_first=payload.day_first, encoding=payload.encoding,
        ),
    )  # fmt: skip
    return _told(found)


@router.post("/imports/{batch}/commit", auth=IN, response=ListOut, summary="Record a list that was tried")
@v1.parameters()
def commit(request: HttpRequest, batch: UUID) -> ListOut:
    """For good. A large list waits until staff approved it."""
    found = _found(request, batch)
    steps.commit(found, entity=_entity(request), at=timezone.now())
    return _told(found)


@router.post("/imports/{batch}/undo", auth=IN, response=ListOut, summary="Undo a list")
@v1.parameters()
def undo(request: HttpRequest, batch: UUID) -> ListOut:
    """Let a list go before anything of it is recorded."""
    found = _found(request, batch)
    steps.undo(found, entity=_entity(request), at=timezone.now())
    return _told(found)


@router.get(
    "/imports/{batch}/verdicts",
    auth=IN,
    summary="The verdict on each row",
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {NDJSON: {"schema": {"type": "string"}}}}}
    },
)
@v1.parameters()
def rows(request: HttpRequest, batch: UUID) -> HttpResponse:
    """One line for each row: its number in the file, and the verdict."""
    found = _found(request, batch)
    parts = ImportPart.objects.filter(batch=found).order_by("number").values_list("verdicts", flat=True)
    lines = (f'{{"row":{number},"verdict":"{code}"}}\n' for part in parts.iterator() for number, code in part)
    return StreamingHttpResponse(lines, content_type=NDJSON)  # type: ignore[return-value]


@router.get("/export", auth=OUT, summary="Take records out", openapi_extra=_FILES)
@v1.parameters("format", "contacts", "channel", "purpose", "state")
def export(
    request: HttpRequest,
    format: Annotated[Literal["csv", "ndjson", "parquet"], Query()] = "csv",
    contacts: Annotated[Literal["yes", "no"], Query()] = "no",
    channel: Annotated[Channel | None, Query()] = None,
    purpose: Annotated[str, Query(pattern=r"^[-a-zA-Z0-9_]{0,40}$")] = "",
    state: Annotated[State | None, Query()] = None,
) -> HttpResponse:
    """Every record with a place in the log, as of one size of it, which the name and each line say."""
    company = _company(request)
    found = company.purposes.filter(slug=purpose).first() if purpose else None
    if purpose and found is None:
        raise BadInput("purpose.unknown", "The company has no such purpose.", status=400)
    wanted = Wanted(
        company, with_contacts=contacts == "yes", purpose=found.pk if found else None, channel=channel or "",
        state=state or "",
    )  # fmt: skip
    made = taking_out.begin(wanted, kind=format, entity=_entity(request), at=timezone.now())
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return StreamingHttpResponse(made.parts, content_type=made.media_type, headers=headers)  # type: ignore[return-value]


def _company(request: HttpRequest) -> Company:
    return Company.objects.get(pk=v1.holder(request).company)


def _entity(request: HttpRequest) -> str:
    return f"app:{v1.holder(request).key}"


def _found(request: HttpRequest, pk: UUID) -> Import:
    found = Import.objects.select_related("company").filter(pk=pk, company=v1.holder(request).company).first()
    if found is None:
        raise Http404("No such list.")
    return found


def _told(batch: Import) -> ListOut:
    about = keeping.about_if_it_opens(batch)
    headings = about.headings if about else []
    columns = about.columns.columns if about else {}
    known = {name: headings[place] for name, place in columns.items() if place < len(headings)}
    return ListOut(
        id=str(batch.pk), kind=batch.kind, state=batch.state, rows=batch.rows, headings=headings,
        columns=known, counts={code: batch.counts[code] for code in verdicts.WORDS if code in batch.counts},
        to_record=steps.to_record(batch), created_at=moment(batch.created_at),
        trouble=keeping.trouble(batch, about),
    )  # fmt: skip
