"""What a notice must say: each rule is green for the text we begin with, and red for the text that lacks it."""

import itertools
import json

import pytest
from django.utils import translation

from consent import catalogue, keywords, linting, publishing, sample, starter
from consent.errors import BadInput
from consent.linting import Finding, rules, sms, vague
from consent.models import CapturePoint, Company, Localized, NoticeVersion, Offer, Purpose
from consent.sample import Sample
from consent.vocabulary import Channel, Language

LANGUAGES = Language.values
SCREEN, MESSAGE, SPOKEN, PAPER = "screen", "message", "spoken", "paper"


@pytest.fixture
def draft(aurora: Sample) -> NoticeVersion:
    wordings = json.loads(json.dumps(aurora.version.wordings))
    return NoticeVersion.objects.create(notice=aurora.version.notice, minor=1, wordings=wordings)


def look(version: NoticeVersion) -> dict[str, Finding]:
    with translation.override("en"):
        findings = linting.lint(version, catalogue.showing(version))
        assert all(finding.reason for finding in findings)
    return {finding.rule.id: finding for finding in findings}


def red(version: NoticeVersion) -> set[str]:
    return {rule for rule, finding in look(version).items() if not finding.is_green}


def without(version: NoticeVersion, words: str, *, language: str, kind: str = SCREEN) -> NoticeVersion:
    """The draft, with some words taken out of one text."""
    text = version.wordings[language][kind]
    assert words in text, "the test would change nothing"
    version.wordings[language][kind] = text.replace(words, "")
    return version


def test_the_sample_is_green_by_every_rule(draft: NoticeVersion) -> None:
    assert red(draft) == set()
    assert set(look(draft)) == {rule.id for rule in rules.RULES}


@pytest.mark.parametrize("sms_to_us", [True, False])
def test_the_text_to_begin_with_is_green(draft: NoticeVersion, sms_to_us: bool) -> None:
    Company.objects.update(allowed_countries=["BR", "US"] if sms_to_us else ["BR"])
    draft.wordings = starter.wordings(sms_to_us=sms_to_us)
    assert red(draft) == set()


# A placeholder, the texts that need it, and the rules that are red without it.
NEEDED = [
    ("company", [SCREEN, MESSAGE, SPOKEN, PAPER], {"meta.company", "ctia.company"}),
    ("channels", [SCREEN, MESSAGE, SPOKEN, PAPER], {"lgpd.channels"}),
    ("purposes", [MESSAGE, SPOKEN], {"lgpd.purposes", "ctia.purposes"}),
    ("legal_name", [SCREEN, SPOKEN, PAPER], {"lgpd.controller", "gdpr.controller"}),
    ("dpo_contact", [SCREEN, MESSAGE, SPOKEN, PAPER], {"lgpd.officer", "gdpr.officer"}),
    ("privacy_url", [SCREEN, MESSAGE, SPOKEN, PAPER], {"lgpd.policy", "gdpr.policy", "ctia.policy"}),
    ("how_to_stop", [SCREEN, MESSAGE, SPOKEN, PAPER], {"meta.stop", "lgpd.stop", "gdpr.stop", "ctia.stop"}),
]


@pytest.mark.parametrize(("name", "kinds", "rules_red"), NEEDED)
def test_what_a_text_does_not_name_is_red(
    draft: NoticeVersion, name: str, kinds: list[str], rules_red: set[str]
) -> None:
    complete = json.dumps(draft.wordings)
    for kind, language in itertools.product(kinds, LANGUAGES):
        draft.wordings = json.loads(complete)
        without(draft, f"{{{name}}}", language=language, kind=kind)
        assert red(draft) == rules_red
        finding = look(draft)[min(rules_red)]
        assert finding.places == ((language, kind),)
        with translation.override("en"):
            assert f"{{{name}}}" in finding.reason
            assert Language(language).label in finding.reason


# Words that say what a rule asks for, by language.
SAID = {
    "lgpd.sharing": (
        " and does not pass it on",
        ", y no lo entrega a terceros",
        ", e não o repassa a terceiros",
    ),
    "lgpd.refusing": (
        " Refusing has no other effect on you.",
        " No aceptar no tiene ninguna otra consecuencia.",
        " Não aceitar não tem nenhuma outra consequência.",
    ),
    "lgpd.rights": (" correction or deletion", " corrección o eliminación", " correção ou exclusão"),
    "gdpr.complaint": (
        " You may also complain to the data protection authority.",
        " También puede reclamar ante la autoridad de protección de datos.",
        " Você também pode reclamar à autoridade de proteção de dados.",
    ),
    "ctia.rates": (
        " Message and data rates may apply.",
        " Pueden aplicarse tarifas de mensajes y datos.",
        " Podem incidir tarifas de mensagens e dados.",
    ),
    "ctia.help": (
        " Reply HELP for help.",
        " Responda AYUDA si necesita ayuda.",
        " Responda AJUDA para obter ajuda.",
    ),
}


@pytest.mark.parametrize("rule", SAID)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_text_does_not_say_is_red(draft: NoticeVersion, rule: str, language: str) -> None:
    words = SAID[rule][LANGUAGES.index(language)]
    without(draft, words if words in draft.wordings[language][SCREEN] else words[2:], language=language)
    assert rule in red(draft)
    assert look(draft)[rule].places == ((language, SCREEN),)


@pytest.mark.parametrize(
    ("language", "until"), [("en", "until you"), ("es", "hasta que"), ("pt-BR", "até você")]
)
def test_for_how_long_may_stand_beside_each_box(draft: NoticeVersion, language: str, until: str) -> None:
    before, _found, after = draft.wordings[language][SCREEN].partition(f", {until}")
    draft.wordings[language][SCREEN] = before + "." + after.partition(".")[2]
    assert not red(draft) & {"lgpd.duration", "gdpr.duration"}
    for purpose in Purpose.objects.all():
        purpose.description = Localized(dict.fromkeys(LANGUAGES, "SMS"))
        purpose.save()
    assert {"lgpd.duration", "ctia.frequency"} <= red(draft)


def test_how_often_is_asked_of_sms_only(draft: NoticeVersion) -> None:
    Offer.objects.exclude(channel=Channel.SMS).delete()
    assert "ctia.frequency" not in red(draft)
    purpose = Purpose.objects.get(slug="novidades")
    purpose.description["es"] = "Durante 2 años."
    purpose.save()
    assert look(draft)["ctia.frequency"].places == (("es", SCREEN), ("es", PAPER))


@pytest.mark.parametrize("is_to_us", [True, False])
def test_ctia_asks_only_where_sms_goes_to_the_united_states(draft: NoticeVersion, is_to_us: bool) -> None:
    if is_to_us:
        Offer.objects.filter(channel=Channel.SMS).delete()
    else:
        Company.objects.update(allowed_countries=["BR", "CO"])
    assert not any(rule.startswith("ctia") for rule in look(draft))


@pytest.mark.parametrize(
    ("language", "kind"), [("en", SCREEN), ("es", MESSAGE), ("pt-BR", SPOKEN), ("es", PAPER)]
)
def test_every_text_must_be_there(draft: NoticeVersion, language: str, kind: str) -> None:
    del draft.wordings[language][kind]
    assert red(draft) == {"gdpr.every-text"}
    assert look(draft)["gdpr.every-text"].places == ((language, kind),)


def test_a_notice_that_says_nothing_is_red_by_every_rule_about_its_texts(draft: NoticeVersion) -> None:
    draft.wordings = {}
    specific = {rule.id for rule in rules.RULES if not rule.check.is_of_texts}
    assert red(draft) == {rule.id for rule in rules.RULES} - specific
    assert len(specific) == 2


def test_what_is_typed_out_counts_as_named(draft: NoticeVersion) -> None:
    text = draft.wordings["en"][SCREEN]
    for name, value in (("company", "café aurora"), ("channels", "WhatsApp or by SMS")):
        text = text.replace(f"{{{name}}}", value)
    draft.wordings["en"][SCREEN] = text.replace("{how_to_stop}", "just answer STOP, whenever you like")
    assert red(draft) == set()


def test_a_legal_name_does_not_name_the_company_as_people_know_it(draft: NoticeVersion) -> None:
    without(draft, "{company}", language="en")
    assert "{legal_name}" in draft.wordings["en"][SCREEN]
    assert "meta.company" in red(draft)


@pytest.mark.parametrize("field", ["dpo_contact", "legal_name", "privacy_url"])
def test_a_placeholder_for_nothing_names_nothing(draft: NoticeVersion, field: str) -> None:
    Company.objects.update(**{field: " "})
    draft.notice.company.refresh_from_db()
    assert any(rule.startswith("gdpr") for rule in red(draft))


def test_a_capture_point_without_boxes_does_not_hide_the_others(draft: NoticeVersion) -> None:
    point = CapturePoint.objects.get(slug="novidades")
    Offer.objects.all().delete()
    assert red(draft) == set()  # by the example
    Purpose.objects.all().delete()
    assert {"lgpd.channels", "lgpd.purposes"} <= red(draft)
    assert point.offers.count() == 0


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "All communications"), ("es", "Cualquier finalidad"), ("pt-BR", "Comunicações em geral")],
)
def test_a_purpose_that_covers_everything_is_red(draft: NoticeVersion, language: str, name: str) -> None:
    purpose = Purpose.objects.get(slug="pedidos")
    purpose.name[language] = name
    purpose.save()
    assert red(draft) == {"lgpd.specific", "gdpr.specific"}
    with translation.override("en"):
        assert f"“{name}”" in look(draft)["lgpd.specific"].reason


@pytest.mark.parametrize(
    "name",
    [
        "Communications",
        "Everything",
        "All purposes",
        "General communications",
        "Messages by SMS and WhatsApp",
        "News and any other purpose",
        "Offers, etc.",
        "Information about our communications in general",
        "Offers and more",
        "…",
        "Cualquier finalidad",
        "Comunicaciones",
        "Todo",
        "Todas las comunicaciones",
        "Novedades y otros fines",
        "Comunicaciones en general",
        "Avisos varios",
        "Comunicações em geral",
        "Tudo",
        "Qualquer finalidade",
        "Todo tipo de mensagens",
        "Ofertas e muito mais",
        "Contato",
        "Outras finalidades",
        "Para todos os fins",
    ],
)
def test_a_catch_all_is_recognised(name: str) -> None:
    assert vague.is_vague(name)


@pytest.mark.parametrize(
    "name",
    [
        "News and offers", "News of your orders", "Appointment reminders", "Security codes", "Order messages",
        "Everything about your order 12", "Novedades y ofertas", "Avisos de sus pedidos", "Recordatorios de citas",
        "Novidades e ofertas", "Avisos dos seus pedidos", "Cobranças", "Lembretes de consulta",
        "Pesquisa de satisfação", "Menu of the day", "Información de su vuelo", "Códigos de segurança",
    ],
)  # fmt: skip
def test_a_specific_purpose_is_green(name: str) -> None:
    assert not vague.is_vague(name)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "We may use it for any other purpose."), ("es", "También para otros fines."),
        ("pt-BR", "Usamos para quaisquer finalidades."),
    ],
)  # fmt: skip
def test_a_text_that_opens_everything_is_red(draft: NoticeVersion, language: str, words: str) -> None:
    draft.wordings[language][PAPER] += f" {words}"
    assert red(draft) == {"lgpd.nothing-added"}


@pytest.mark.parametrize(
    ("kind", "change", "rule", "detail"),
    [
        (MESSAGE, " abc" * 150, "form.short", " > 5 SMS"),
        (MESSAGE, " não" * 20, "form.short", "SMS (ã)"),
        (SPOKEN, " https://aurora.example/x", "form.speakable", "https://aurora.example/x"),
        (SPOKEN, " word" * 120, "form.speakable", " > 180"),
        (SPOKEN, " {compnay}", "form.braces", "{compnay}"),
        (SCREEN, " {compnay}", "form.braces", "{compnay}"),
    ],
)
def test_a_text_fits_its_medium(draft: NoticeVersion, kind: str, change: str, rule: str, detail: str) -> None:
    draft.wordings["pt-BR"][kind] += change
    assert rule in red(draft)
    assert detail in look(draft)[rule].details[0]


@pytest.mark.parametrize("key", "1290")
def test_a_spoken_text_tells_every_key(draft: NoticeVersion, key: str) -> None:
    draft.wordings["es"][SPOKEN] = draft.wordings["es"][SPOKEN].replace(f"presione {key}", "presione")
    assert red(draft) == {"form.keys"}
    assert look(draft)["form.keys"].details == (key,)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("€" * 80, 1), ("€" * 81, 2), ("ã" * 70, 1),
     ("ã" * 71, 2), ("é" * 160, 1), ("👍" * 35, 1), ("👍" * 36, 2)],
)  # fmt: skip
def test_parts_of_an_sms_are_counted_as_networks_count_them(text: str, parts: int) -> None:
    assert sms.parts(text) == parts


def test_each_rule_has_a_name_of_its_own_and_a_source() -> None:
    ids = [rule.id for rule in rules.RULES]
    assert len(set(ids)) == len(ids)
    assert all(rule.source and rule.profile for rule in rules.RULES)


def test_the_words_that_people_are_told_mean_what_they_say() -> None:
    for language in LANGUAGES:
        assert keywords.interpret(keywords.STOP_WORD[language]) is keywords.Intent.STOP
        assert keywords.interpret(keywords.HELP_WORD[language]) is keywords.Intent.HELP
        assert keywords.means(keywords.CONFIRM_WORD[language], keywords.Intent.CONFIRM)


def test_red_cannot_be_published_and_says_why(aurora: Sample, draft: NoticeVersion) -> None:
    purpose = Purpose.objects.get(slug="pedidos")
    purpose.name["en"] = "All communications"
    purpose.save()
    without(draft, "{company}", language="es", kind=PAPER)
    draft.save()
    with pytest.raises(BadInput) as refusal, translation.override("en"):
        publishing.publish(draft)
    assert refusal.value.code == "notice.red"
    with translation.override("en"):
        said = refusal.value.message
    assert "“All communications”" in said
    assert "LGPD art. 8 §4" in said
    assert "write {company}" in said
    assert "Español (on paper)" in said
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_percent_sign_in_a_name_is_no_format(aurora: Sample, draft: NoticeVersion) -> None:
    purpose = Purpose.objects.get(slug="pedidos")
    purpose.name["en"] = "100% everything in general %(reasons)s"
    purpose.save()
    with pytest.raises(BadInput) as refusal:
        publishing.publish(draft)
    assert "100% everything in general %(reasons)s" in refusal.value.message


def test_looking_asks_the_database_a_bounded_number_of_times(
    draft: NoticeVersion, django_assert_max_num_queries: object
) -> None:
    made = sample.seed()
    for number in range(5):
        point = CapturePoint.objects.create(
            company=made.company, slug=f"p{number}", title=Localized(en="P"), notice=draft.notice,
            sender=made.sender,
        )  # fmt: skip
        Offer.objects.create(point=point, purpose=made.purposes["novidades"], channel=Channel.SMS)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert len(catalogue.showing(draft)) == 7
