"""Handing files in: in one form, or piece by piece, so that an upload goes on where the line broke."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import http
from consent.admin import openings
from consent.capture.paper import uploading
from consent.errors import BadInput
from consent.models import PaperBatch, PaperFile


def upload(request: HttpRequest, batch: PaperBatch) -> HttpResponse:
    """Take every file of a form; what is wrong with one of them is said, and the others are taken."""
    taken = 0
    files: Any = request.FILES.getlist("files")
    for file in [] if batch.destroyed_on else files:
        name, by = str(file.name), openings.entity(request)
        try:
            uploading.take(batch, name=name, size=file.size, pieces=file.chunks(uploading.PIECE), by=by)
            taken += 1
        except BadInput as problem:
            messages.error(request, f"{uploading.plain_name(name)}: {problem.message}")
    if taken:
        text = ngettext("%(number)s file has arrived.", "%(number)s files have arrived.", taken)
        messages.success(request, text % {"number": taken})
    elif not files:
        messages.error(request, _("Choose one file or more."))
    return redirect("admin:consent_paperbatch_change", batch.pk)


def begin(request: HttpRequest, batch: PaperBatch) -> HttpResponse:
    """Name a file, or find the one that was broken off, and say how much of it is here."""
    name, size = request.POST.get("name", ""), request.POST.get("size", "")
    try:
        if not size.isascii() or not size.isdigit() or len(size) > 15 or batch.destroyed_on:
            raise BadInput("file.unreadable", _("Choose the file again."), status=400)
        found = uploading.unfinished(batch, name=name, size=int(size))
        with _room():
            file = (
                PaperFile.objects.get(pk=found)
                if found
                else uploading.begin(batch, name=name, size=int(size), by=openings.entity(request))
            )
    except BadInput as problem:
        return _problem(problem)
    return JsonResponse({"file": str(file.pk), "arrived": file.arrived})


def piece(request: HttpRequest, file: PaperFile) -> HttpResponse:
    """Keep a piece of a file, from the offset it names."""
    offset = request.headers.get("X-Offset", "")
    try:
        if not offset.isascii() or not offset.isdigit() or len(offset) > 15:
            raise BadInput("file.unreadable", _("Choose the file again."), status=400)
        content = request.read(uploading.PIECE + 1)
        if len(content) > uploading.PIECE:
            raise BadInput("piece.too_large", _("Send smaller pieces."), status=413)
        with _room():
            file = uploading.put(file, offset=int(offset), content=content)
    except BadInput as problem:
        if problem.pointer == "files":
            uploading.give_up(file)  # nothing of it will ever be taken
        return _problem(problem)
    return JsonResponse({"file": str(file.pk), "arrived": file.arrived})


def forget(request: HttpRequest, file: PaperFile) -> HttpResponse:
    """Forget a file of which the rest will not come."""
    uploading.give_up(file)
    return redirect("admin:consent_paperbatch_change", file.batch_id)


@contextmanager
def _room() -> Iterator[None]:
    """Raises BadInput (507) where the disk is full; what has arrived before stays."""
    try:
        yield
    except OperationalError as error:
        if not http.is_full(error):
            raise
        message = _(
            "The disk is full, so this was not taken. It goes on by itself once somebody has made room."
        )
        status = HTTPStatus.INSUFFICIENT_STORAGE
        raise BadInput("storage.full", message, status=status) from error


def _problem(problem: BadInput) -> HttpResponse:
    status = HTTPStatus(problem.status)
    return JsonResponse({"code": problem.code, "message": problem.message}, status=status)
