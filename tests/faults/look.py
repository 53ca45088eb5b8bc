"""What an installation holds, as one line of JSON for each line that is read: `python -m tests.faults.look`."""

import json
import sys
from collections import Counter
from typing import Any

import django


def main() -> None:
    django.setup()

    from django.db import connection

    for _ in sys.stdin:
        print(json.dumps(found()), flush=True)
        connection.close()


def found() -> dict[str, Any]:
    from consent.log import tree
    from consent.models import Act, ConsentRecord, Evidence, LogEntry, OutboundMessage, SandboxMessage

    while tree.sequence():
        pass
    sequenced = set(LogEntry.objects.values_list("id", flat=True))
    records = list(ConsentRecord.objects.values_list("uid", "act", "state", "subject"))
    asked = Counter(subject for _uid, _act, state, subject in records if state == "requested")
    received = Counter(bytes(phone) for phone in SandboxMessage.objects.values_list("phone", flat=True))
    return {
        "acts": {str(act): state for _uid, act, state, _subject in records},
        "records": len(records),
        "records_in_the_log": sum(uid in sequenced for uid, *_ in records),
        "entries": len(sequenced),
        "acts_without_evidence": Act.objects.exclude(id__in=Evidence.objects.values("act")).count(),
        "questions_per_person": max(asked.values(), default=0),
        "people": len(asked),
        "messages": OutboundMessage.objects.count(),
        "messages_per_phone": max(received.values(), default=0),
        "phones": len(received),
    }


if __name__ == "__main__":
    main()
