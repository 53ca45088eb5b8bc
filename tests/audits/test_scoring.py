"""Each point of a score can be green and can be red, and nothing personal leaves it."""

from typing import Any

import pytest
from django.db import connection

from consent import erasure, wording
from consent.audits import scoring
from consent.catalogue import ask
from consent.log import tree
from consent.models import ConsentRecord, triggers
from consent.recording import Recorded
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests import cast


def shown(aurora: Sample, **changes: Any) -> dict[str, Any]:
    """Evidence as the website keeps it."""
    found = ask(aurora.company.slug, aurora.point.slug)
    assert found is not None
    assert found.version is not None
    statement = wording.statement(found, found.version, "pt-BR")
    boxes = [
        {"key": box.key, "label": box.label, "hint": box.hint, "ticked": box.key == "novidades.sms"}
        for box in statement.boxes
    ]
    kept = {
        "text": statement.text,
        "boxes": boxes,
        "digest": statement.digest,
        "language": "pt-BR",
        "number": cast.ANA.value,
    }
    return kept | changes


def says(aurora: Sample, *, evidence: Any = None, **changes: Any) -> Recorded:
    recorded = cast.says(aurora, evidence=evidence or shown(aurora), **changes)
    tree.sequence()
    return recorded


def score_of(recorded: Recorded) -> scoring.Score:
    [score] = scoring.score([ConsentRecord.objects.get(uid=recorded.records[0])])
    return score


def wrong(recorded: Recorded) -> set[str]:
    return {point.slug for point in score_of(recorded).points if point.holds is False}


def open_points(recorded: Recorded) -> set[str]:
    return {point.slug for point in score_of(recorded).points if point.holds is None}


def execute(statement: str, *parameters: object) -> None:
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_a_whole_record_is_complete_in_every_point(aurora: Sample) -> None:
    score = score_of(says(aurora))

    assert score.is_complete
    assert (score.good, score.bad) == (len(scoring.LABELS), 0)
    assert [point.slug for point in score.points] == list(scoring.LABELS)
    assert score.points[0].label.startswith("The evidence opens")
    assert cast.ANA.value not in repr(score)


def test_an_answer_is_scored_by_what_it_answers(aurora: Sample) -> None:
    asked = says(aurora, state=State.REQUESTED, possession=Possession.NONE)
    answer = says(aurora, evidence={"typed": "12345678", "answers": [{"act": str(asked.act)}]})

    assert wrong(answer) == set()
    assert wrong(asked) == set()
    assert open_points(asked) == {"possession"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"text": "Somebody writes to you by SMS"}, {"text", "company"}),
        ({"digest": "0" * 64}, {"text"}),
        ({"boxes": []}, {"text"}),
        ({"text": ""}, {"text", "company"}),
        ({"language": "es"}, {"language"}),
    ],
)
def test_what_the_text_lacks_is_named(aurora: Sample, changes: dict[str, Any], named: set[str]) -> None:
    assert wrong(says(aurora, evidence=shown(aurora, **changes))) - {"channel"} == named


def test_a_text_that_names_no_channel_and_a_box_that_was_not_ticked_show(aurora: Sample) -> None:
    kept: dict[str, Any] = {
        "text": "Café Aurora writes to you",
        "boxes": [{"key": "other.sms", "ticked": True}],
    }

    assert wrong(says(aurora, evidence=kept)) >= {"channel", "purpose"}


def test_without_boxes_there_is_no_box_to_look_for(aurora: Sample) -> None:
    assert "purpose" in open_points(says(aurora, evidence={"text": "Café Aurora, SMS"}))


def test_a_yes_without_proof_of_the_number_or_without_a_notice_shows(aurora: Sample) -> None:
    assert wrong(says(aurora, possession=Possession.NONE)) == {"possession"}
    recorded = says(aurora)
    execute("UPDATE consent_consentrecord SET notice_id = NULL WHERE state = 'given'")
    assert wrong(recorded) == {"notice", "record"}


def test_a_stop_needs_no_text(aurora: Sample) -> None:
    stop = cast.stops(aurora)
    tree.sequence()

    assert wrong(stop) == set()
    assert open_points(stop) == {"text", "notice", "company", "channel", "purpose", "possession"}


def test_what_waits_for_its_place_has_no_proof_yet(aurora: Sample) -> None:
    recorded = cast.says(aurora, evidence=shown(aurora))

    assert wrong(recorded) == {"log"}
    assert open_points(recorded) == {"record"}


def test_an_erased_person_leaves_what_cannot_be_looked_at_open(aurora: Sample) -> None:
    recorded = says(aurora)
    erasure.erase(recorded.subject, company=aurora.company, entity="subject")

    assert score_of(recorded).is_erased
    assert wrong(recorded) == set()
    assert open_points(recorded) == {"evidence", "text", "company", "channel", "purpose"}


def test_an_answer_to_what_is_gone_has_no_text(aurora: Sample) -> None:
    kept = {"typed": "1", "answers": [{"act": "nothing"}, {}]}

    assert wrong(says(aurora, evidence=kept)) == {"text", "company", "channel"}


def test_a_changed_record_shows(aurora: Sample) -> None:
    recorded = says(aurora)
    execute("UPDATE consent_consentrecord SET valid_days = valid_days + 1")

    assert wrong(recorded) == {"record"}


def test_a_record_whose_times_are_turned_round_shows(aurora: Sample) -> None:
    recorded = says(aurora)
    execute("UPDATE consent_consentrecord SET event_time = %s", cast.at("2099-01-01 00:00"))

    assert wrong(recorded) == {"record", "time"}


def test_a_changed_entry_shows(aurora: Sample) -> None:
    recorded = says(aurora)
    execute(
        "UPDATE consent_logentry SET data = CAST(replace(CAST(data AS TEXT), 'code', 'call') AS BLOB)"
    ) if (connection.vendor == "sqlite") else execute(
        "UPDATE consent_logentry SET data = convert_to(replace(convert_from(data, 'UTF8'), 'code', 'call'), 'UTF8')"
    )

    assert wrong(recorded) == {"record", "log"}


def test_evidence_of_another_act_shows(aurora: Sample) -> None:
    recorded, other = says(aurora), says(aurora, evidence=shown(aurora, number="another"))
    execute(
        "UPDATE consent_evidence SET sealed = (SELECT sealed FROM consent_evidence WHERE act = %s) WHERE act = %s",
        *(
            (other.act, recorded.act)
            if connection.vendor == "postgresql"
            else (other.act.hex, recorded.act.hex)
        ),
    )

    assert "evidence" in wrong(recorded)


def test_a_notice_that_was_rewritten_shows(aurora: Sample) -> None:
    recorded = says(aurora)
    execute("UPDATE consent_noticeversion SET digest = %s", "0" * 64)

    assert wrong(recorded) >= {"notice"}
