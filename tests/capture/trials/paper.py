"""A sheet is signed, scanned, read, typed and committed."""

from typing import Any

from django.test import Client

from consent.capture.paper import asked
from consent.models import PaperPage
from consent.sample import Sample
from consent.vocabulary import Confirmation
from tests import sheets, staff
from tests.capture.trials import Trial


def trial(aurora: Sample, client: Client) -> Trial:
    aurora.point.confirmation = Confirmation.NONE
    aurora.point.save()
    page = sheets.checked(sheets.draft(sheets.batch(aurora), sheets.read(sheets.code(aurora))))
    words = asked.asked(page)
    assert words is not None
    seen = "\n".join([words.statement.text, *(box.label for box in words.statement.boxes)])
    may = staff.signed_in(staff.user("bruno", "Staff", "Opens personal data", company=aurora.company))
    may_not = staff.signed_in(staff.user("clara", "Staff", company=aurora.company))

    def commit(who: Client) -> Any:
        return who.post(f"/admin/consent/paperbatch/{page.batch_id}/commit/")

    assert PaperPage.objects.get().state == "ready"
    return Trial(lambda: commit(may), lambda: commit(may_not), seen)
