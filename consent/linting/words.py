"""How each language says what a notice must say, as patterns over its texts."""

import re

from consent.vocabulary import Language


def _patterns(*, en: str, es: str, pt: str) -> dict[str, re.Pattern[str]]:
    """The pattern of each language, which begins where a word begins."""
    said = {Language.ENGLISH: en, Language.SPANISH: es, Language.PORTUGUESE: pt}
    return {
        language.value: re.compile(rf"\b(?:{pattern})", re.IGNORECASE) for language, pattern in said.items()
    }


RECEIVE = _patterns(
    en=r"contact|write|writ(es?|ing)|send(ing)?|receiv|get|text|call|messag",
    es=r"comunic|contact|escrib|envi|recib|mand|llam|mensaj",
    pt=r"falar|contat|escrev|envi|receb|mand|lig(ar|a[cç])|mensage",
)
DURATION = _patterns(
    en=r"(until|as long as|no longer than|(\d+|one|two|three|five|six|twelve) (day|week|month|year)s?)\b",
    es=r"(hasta (que|usted|el|la)|mientras|((por|durante|\d+|un|dos|tres|cinco|seis|doce) (el |\w+ )?"
    r"(d[ií]as?|semanas?|mes|meses|a[nñ]os?|plazo|tiempo)))\b",
    pt=r"(at[eé] (voc[eê]|que|o|a)|enquanto|((por|pelo|durante|\d+|um|dois|tr[eê]s|cinco|seis|doze) (o |\w+ )?"
    r"(dias?|semanas?|m[eê]s|meses|anos?|prazo|tempo)))\b",
)
SHARING = _patterns(
    en=r"pass(es|ed)?\b.{0,20}\bon\b|shar(e|es|ed|ing)\b|third part|recipients?\b|sold?\b|sell|disclos",
    es=r"terceros|compart|entreg|ced(e|er|emos)\b|vend(e|er|emos)\b|destinatari|transfer",
    pt=r"terceiros|compartilh|repass|ced(e|er|emos)\b|vend(e|er|emos)\b|destinat[aá]ri|transfer",
)
ACCESS = _patterns(en=r"cop(y|ies)|access", es=r"copia|acce(so|der)", pt=r"c[oó]pia|acess")
DELETION = _patterns(
    en=r"delet|eras|remov",
    es=r"elimin|supri[mr]|supresi|borra|cancelaci",
    pt=r"exclu|elimin|apag|remo[vç]",
)
REFUSING = _patterns(
    en=r"refus|declin|no other effect|not (required|obliged)|condition of|(do|does)( not|n['’]t) agree|free to",
    es=r"no aceptar|no (acepta|autoriza)|rechaz|negarse|negativa|consecuencia|condici[oó]n|no es obligatori",
    pt=r"n[aã]o aceitar|n[aã]o (aceita|autoriza)|recus|negar|negativa|consequ[eê]ncia|condi[cç][aã]o"
    r"|n[aã]o [eé] obrigat[oó]ri",
)
COMPLAINT = _patterns(
    en=r"complain|complaint|supervisory authorit|data protection authorit",
    es=r"reclam|queja|autoridad de (protecci|control)",
    pt=r"reclam|peticionar|peti[cç]|autoridade (nacional )?de prote|ANPD",
)
FREQUENCY = _patterns(
    en=r"frequen|recurring|daily|weekly|monthly|once|(a|per) (day|week|month|year)|times (a|per)",
    es=r"frecuencia|recurrent|diari|semanal|mensual|una vez|al (d[ií]a|mes|a[nñ]o)|a la semana"
    r"|por (d[ií]a|semana|mes|a[nñ]o)",
    pt=r"frequ[eê]ncia|recorrent|di[aá]ri|semana(l|is)|mensa(l|is)\b|uma vez|por (dia|semana|m[eê]s|ano)"
    r"|ao (dia|m[eê]s|ano)",
)
# Beside a box, whose text is of nothing else, the occasion says how often.
OCCASION = _patterns(
    en=r"(when|whenever|each|every)\b", es=r"(cuando|cada)\b", pt=r"(quando|sempre que|cada)\b"
)
RATES = _patterns(
    en=r"(rates?|charges?) may apply\b",
    es=r"(pueden? (aplicar(se)?|cobrar(se)?)|se aplican|aplican)\b.{0,15}\b(tarifas?|cargos?|costos?)\b"
    r"|\b(tarifas?|cargos?)\b.{0,40}\b(aplica[nr]|aplicarse)",
    pt=r"(podem? (incidir|ser cobrad[ao]s?|aplicar(-se)?)|incidem)\b.{0,15}\b(tarifas?|taxas?|custos?)\b"
    r"|\b(tarifas?|taxas?)\b.{0,40}\b(incidir|aplicar|cobradas)",
)
NO_PURCHASE = _patterns(
    en=r"condition (of|for) (any |a |your )?purchase|no other effect|without (buying|purchas)",
    es=r"condici[oó]n (de|para) (la |una |ninguna |su )?compra|ninguna otra consecuencia|sin comprar",
    pt=r"condi[cç][aã]o (de|para) (a |uma |nenhuma |sua )?compra|nenhuma outra consequ[eê]ncia|sem comprar",
)
