"""Names, texts, messages and evidence that are made to break out of their page do not."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent import recording
from consent.models import CapturePoint, Company, ConsentRecord, Notice, NoticeVersion, Purpose
from consent.recording import Telling
from tests import cast
from tests.admin.test_scope import address, page_address, pages, row_addresses
from tests.staff import Firm, in_every_language

CORPUS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "</title><svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "<!--<script>",
    "javascript:alert(1)//",
)  # fmt: skip
LIVE = ("<script>alert", "<img src=x", "<svg/onload", "' onfocus='", "<!--<script>", 'href="javascript:')


# Whoever escapes one of them asks the database the same for all; and what a page covers, other tests measure.
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "payload", [CORPUS[0], *(pytest.param(one, marks=pytest.mark.once) for one in CORPUS[1:])]
)
def test_what_people_and_staff_type_stays_text(payload: str, root: Client, cafe: Firm) -> None:
    Company.objects.filter(pk=cafe.company.pk).update(
        name=payload, legal_name=payload, address=payload, dpo_name=payload, dpo_contact=payload
    )
    Purpose.objects.update(name=in_every_language(payload), description=in_every_language(payload))
    CapturePoint.objects.update(title=in_every_language(payload))
    notice = Notice.objects.get()
    NoticeVersion.objects.filter(pk=cafe.draft.pk).update(
        wordings={code: dict.fromkeys(("screen", "message"), payload) for code in ("en", "es", "pt-BR")}
    )
    evidence: dict[str, Any] = {
        "text": payload, "body": payload, payload: payload, "language": payload,
        "boxes": [{"label": payload, "hint": payload}], "answers": [{"question": payload}],
    }  # fmt: skip
    said = recording.record(
        cast.event(cafe.aurora, evidence=evidence, method=payload[:16], entity=payload[:40]),
        tell=lambda _act: [Telling(kind="ask", sender=cafe.aurora.sender, text=payload)],
    )
    record = ConsentRecord.objects.get(uid=said.records[0])
    shown = [root.get(page_address(name), follow=True) for name in pages()]
    shown += [
        root.get(address(name, cafe))
        for name in row_addresses()
        if name.endswith(("_change", "_person", "_preview"))
    ]
    shown.append(root.get(reverse("admin:consent_noticeversion_publish", args=[cafe.draft.pk])))
    shown.append(root.get(reverse("admin:consent_notice_change", args=[notice.pk])))
    shown.append(root.post(reverse("admin:consent_consentrecord_open", args=[record.pk])))
    assert shown[-1].status_code == 200
    for answer in shown:
        text = answer.content.decode()
        assert not [part for part in LIVE if part in text], answer.request["PATH_INFO"]
        assert "14{%" not in text
