"""The words people write, by what they mean and in which language."""

from itertools import chain

# The tables hold normalised words: lower case, no accents, no punctuation. A stop is understood in every
# language at any time; the other words in all of them too, because people answer in the one they like.

LANGUAGES: dict[str, set[str]] = {}  # every word of the tables, with the languages that have it


def _table(**languages: str) -> frozenset[str]:
    columns = {
        code: [" ".join(entry.split()) for entry in column.split(",")] for code, column in languages.items()
    }
    for code, entries in columns.items():
        for entry in entries:
            LANGUAGES.setdefault(entry, set()).add("pt-BR" if code == "pt" else code)
    return frozenset(chain.from_iterable(columns.values()))


STOP = _table(
    # Twilio, FCC 47 CFR 64.1200(a)(10), AWS, Telnyx
    en="stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out, remove",
    pt="""parar, pare, parem, sair, cancelar, cancele, cancela, remover, remova, descadastrar, descadastre,
          descadastra""",
    # Sinch, CRC Colombia
    es="baja, salir, cancelar, cancelen, parar, paren, alto, detener, detenga, detengan, deten, basta",
    # AWS
    fr="arret, td",
)

# Words with hardly another meaning: they also count as the first word, or one sentence, of a longer message.
PLAIN_STOP = _table(
    en="stop, stopall, stop all, unsubscribe, optout, opt out",
    pt="parar, pare, parem, sair, descadastrar, descadastre",
    es="salir, paren, detener, detengan, basta",
)

# Words that are a stop where nothing else is said, and mean too much else to be looked for in a sentence.
ALONE = _table(
    en="""no more, enough, delete, block, blocked, unsub, withdraw, cease, desist, i want out, want out, leave me,
          go away, sotp, stpo""",
    pt="""para, para ja, chega, sai, saia, fora, sai fora, excluir, exclui, exclua, apagar, apague, deletar, deleta,
          bloquear, bloqueado, bloqueada, vou bloquear, desativar, desligar, revogar, cancelem, nao perturbe,
          nao incomode, sem interesse""",
    es="""para, fuera, quitar, bloquear, bloqueado, dejame, dejenme, ya no, revocar, cancelame, cancelenme, no molestes,
          no molesten""",
)

# What a reasonable person reads as a stop, anywhere in a message (FCC 64.1200(a)(10), "reasonable means").
STOP_PHRASES = _table(
    en="""unsubscribe, opt me out, opt out, opting out, take me off, remove me, remove my number, delete my
          number, no more messages, no more texts, stop sending, stop texting, stop messaging, stop calling,
          stop contacting, stop this, stop these, want to stop, leave me alone, do not text me, do not
          message me, do not call me, do not contact me, dont text me, dont message me, dont call me, dont
          contact me, dont want any more, dont want anymore, dont want messages, dont want your messages,
          dont want these, i revoke, i withdraw, revoke my consent, withdraw my consent, revoke consent, withdraw
          consent, revoke my permission, withdraw my permission, cease and desist, delete me, forget me,
          unsuscribe, unsubcribe, unsubscibe, un subscribe""",
    pt="""nao quero mais, nao quero receber, nao desejo mais, nao desejo receber, nao me mande, nao me
          mandem, nao mande mais, nao mandem mais, nao me envie, nao me enviem, nao envie mais, nao enviem
          mais, nao me ligue, nao me liguem, me tira, me tire, me tirem, me retire, me remove, me remova, me
          remover, me removam, me exclui, me exclua, me descadastre, me descadastra, me descadastrar, tira
          meu numero, tire meu numero, remova meu numero, apague meu numero, pare de, parem de, para de me,
          para de mandar, para de enviar, sair da lista, quero sair, chega de mensagem, chega de mensagens,
          cancelar inscricao, cancelar o recebimento, revogo, retiro meu consentimento, retiro o consentimento,
          revogar consentimento, revogar o consentimento, revogar meu consentimento, nao autorizo, nao me manda,
          nao manda mais, nao me envia, nao envia mais, nao me liga, nao liga mais, nao ligue mais, nao liguem mais,
          nao me chama, nao me chame, nao me chamem, nao qro mais, nao qro receber, n quero mais, n quero receber,
          n qro mais, n qro receber, n me manda, n me mande, n me mandem, me deixa em paz, me deixe em paz, me
          deixem em paz, me esquece, me esqueca, me esquecam, para com isso, para com essas, tira meu contato, tire
          meu contato, tira meu nome, tire meu nome, retire meu numero, retire meu contato, exclui meu numero,
          exclua meu numero, exclui meu contato, exclua meu contato, apaga meu numero, deleta meu numero, desinscrever,
          desinscreve, desinscreva, cancela minha inscricao, cancele minha inscricao, cancelar minha inscricao""",
    es="""no quiero mas, no quiero recibir, no deseo mas, no deseo recibir, ya no quiero, no mas, no me
          mande, no me manden, no me envie, no me envien, no manden mas, no envien mas, no me escriba, no me
          escriban, no me llame, no me llamen, dame de baja, darme de baja, deme de baja, denme de baja, dar
          de baja, darse de baja, me doy de baja, borrame, borreme, borrenme, sacame, saqueme, saquenme,
          quitame, quiteme, quitenme, eliminame, elimineme, eliminenme, borrar mi numero, eliminar mi
          numero, dejame en paz, dejenme en paz, deja de mandar, deja de enviar, deje de, dejen de, paren
          de, quiero salir, salir de la lista, cancelar suscripcion, cancelar la suscripcion, revoco, retiro
          mi consentimiento, retiro el consentimiento, revocar mi consentimiento, no autorizo, no me mandes, no mandes
          mas, no me envies, no envies mas, no me escribas, no me llames, no me molestes, no me molesten, quiero la
          baja, solicito la baja, elimina mi numero, eliminen mi numero, borra mi numero, borren mi numero,
          desuscribir, desuscribirme, desuscribeme, desuscribanme, cancela la suscripcion, cancelen la suscripcion,
          cancela mi suscripcion, cancelar mi suscripcion""",
)

# Somebody else has the number now: more than a stop, for what was agreed to before was never theirs.
WRONG_NUMBER = _table(
    en="wrong number, wrong person, not my number, you have the wrong, new owner of this number",
    pt="""numero errado, pessoa errada, nao e meu numero, esse numero nao e, este numero nao e, numero agora e meu,
          nao conheco essa pessoa""",
    es="""numero equivocado, persona equivocada, no es mi numero, este numero no es, ese numero no es, numero
          incorrecto, no conozco a esa persona""",
)

# What may stand around a stop word without changing it.
POLITE = _table(
    en="please, pls, plz, thanks, thank, you, now, all, hi, hello, hey, ok, and, i, want, to",
    pt="por, favor, pf, pfv, obrigado, obrigada, agora, ja, tudo, todos, oi, ola, e, eu, quero",
    es="gracias, ahora, ya, todo, hola, yo, quiero, deseo",
)

CONFIRM = _table(
    en="yes, y, ok, okay, agree, i agree, accept, i accept, join, yes please, yes i agree, yes i accept",
    pt="""sim, s, confirmo, aceito, eu aceito, concordo, sim aceito, sim eu aceito, sim confirmo, sim
          concordo, sim quero, sim por favor""",
    es="si, acepto, yo acepto, confirmo, si acepto, si confirmo, si quiero, si por favor",
)

DENY = _table(
    en="no, n, no thanks, no thank you, i do not agree, i dont agree, i dont want",
    pt="nao, nao obrigado, nao obrigada, nao quero, nao aceito, nao concordo",
    es="no, no gracias, no quiero, no acepto",
)

# What may stand around a code that is sent back.
WITH_A_CODE = _table(
    en="code, the code is, my code is",
    pt="codigo, o codigo e, meu codigo e",
    es="codigo, el codigo es, mi codigo es",
)

HELP = _table(
    en="help, info, help me",
    pt="ajuda, me ajuda",
    es="ayuda, ayudame",
)

START = _table(
    en="start, unstop, yes, subscribe, join",  # Twilio, Telnyx
    pt="voltar, receber, iniciar",  # Sinch, Wati
    es="alta, volver, recibir, iniciar",
)

# The words that people are told to write, by the language they are told in. English says JOIN, because to
# Twilio every YES is a START.
STOP_WORD = {"en": "STOP", "es": "SALIR", "pt-BR": "SAIR"}
CONFIRM_WORD = {"en": "JOIN", "es": "ACEPTO", "pt-BR": "SIM"}
HELP_WORD = {"en": "HELP", "es": "AYUDA", "pt-BR": "AJUDA"}

# What people write behind a keyword to be asked in a language.
LANGUAGE_NAMES = {
    "en": frozenset({"en", "english", "ingles"}),
    "es": frozenset({"es", "espanol", "spanish", "espanhol", "castellano"}),
    "pt-BR": frozenset({"pt", "portugues", "portuguese"}),
}
