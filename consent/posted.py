"""Reading a posted form strictly: whole, in UTF-8, and every field once."""

from collections.abc import Container

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput

_TWICE = _("This form came back with a field twice. Please fill it in again here.")
_ENCODING = _("This form came back with characters that cannot be read. Please fill it in again here.")
_UNREADABLE = _("This form did not arrive whole. Please send it again.")


def read_fields(request: HttpRequest, *, loosely: Container[str] = ()) -> dict[str, str]:
    """Every field of the form. Raises BadInput, and Django's own refusals of what is too much (413).

    Fields that are read `loosely` are taken as far as they can be read: nothing hangs on them.
    """
    length = str(request.META.get("CONTENT_LENGTH", ""))
    if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig("A form is smaller than this.")  # before files of strangers fill the disk
    try:
        posted = request.POST
    except (BadRequest, MultiPartParserError, UnreadablePostError, LookupError) as error:
        raise BadInput("form.unreadable", message=_UNREADABLE, status=400) from error
    fields: dict[str, str] = {}
    for name, values in posted.lists():
        if name in loosely:
            fields[name] = str(values[-1]).replace("\ufffd", "")
            continue
        if len(values) > 1:
            raise BadInput("form.duplicate_field", message=_TWICE, status=400)
        if "\ufffd" in name or "\ufffd" in values[0]:  # where the bytes were no UTF-8
            raise BadInput("form.encoding", message=_ENCODING, status=400)
        fields[name] = str(values[0])
    return fields
