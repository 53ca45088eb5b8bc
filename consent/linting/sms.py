"""How many parts an SMS takes: 160 plain characters, or 70 where one of them is not in the GSM alphabet."""

# 3GPP TS 23.038 6.2.1: the default alphabet, and its extension, whose characters count twice.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")


def parts(text: str) -> int:
    """The number of parts that a text is sent in, and paid for."""
    if strangers(text):
        return _parts(len(text.encode("utf-16-be")) // 2, alone=70, chained=67)
    return _parts(len(text) + sum(character in _EXTENDED for character in text), alone=160, chained=153)


def strangers(text: str) -> str:
    """The characters outside the GSM alphabet, each once."""
    return "".join(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENDED))


def _parts(length: int, *, alone: int, chained: int) -> int:
    return 1 if length <= alone else -(-length // chained)
