"""What staff may do, in presets; a user may have several. Kept as written here at every migrate."""

from collections.abc import Iterable, Mapping

from django.db import DEFAULT_DB_ALIAS

READ = (
    "company", "sender", "messagetemplate", "purpose", "capturepoint", "offer", "poster", "notice", "noticeversion",
    "consentrecord", "outboundmessage", "inboundmessage", "hold", "opening", "logentry", "checkpoint", "apikey",
    "auditsample", "audititem", "auditfinding", "decisioncount", "paperbatch", "kiosk",
    "import", "exportschedule", "subscription", "rightsrequest",
)  # fmt: skip
STAFF, AUDITOR, OPENS, ERASES = "Staff", "Auditor", "Opens personal data", "Erases people"
WRITE = (
    "sender", "messagetemplate", "purpose", "capturepoint", "offer", "poster", "notice", "noticeversion", "apikey",
    "paperbatch", "kiosk", "import", "exportschedule", "subscription",
)  # fmt: skip

PRESETS: Mapping[str, Iterable[str]] = {
    # Runs the asking: what is asked where, with which words; sees records, but nothing personal.
    STAFF: (
        *(f"view_{model}" for model in READ),
        *(f"{verb}_{model}" for model in WRITE for verb in ("add", "change")),
        "change_company", "change_outboundmessage", "change_inboundmessage", "change_hold", "change_rightsrequest",
        "change_contactpoint", "delete_offer", "delete_noticeversion", "delete_messagetemplate",
    ),
    # Reads everything and changes nothing; draws samples and writes down what it finds. Give it a last day.
    AUDITOR: (*(f"view_{model}" for model in READ), "add_auditsample", "add_auditfinding"),
    # Besides one of the others: may open sealed evidence. Each opening is written down.
    OPENS: ("open_personal_data",),
    # Besides one of the others: may erase a person for good.
    ERASES: ("erase_person",),
}  # fmt: skip


def make(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make the presets, and give each exactly the permissions written here."""
    from django.contrib.auth.models import Group, Permission

    for name, codenames in PRESETS.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        wanted = Permission.objects.using(using).filter(
            content_type__app_label="consent", codename__in=[*codenames]
        )
        if {*group.permissions.values_list("pk", flat=True)} != {*wanted.values_list("pk", flat=True)}:
            group.permissions.set(wanted)
