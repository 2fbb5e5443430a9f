"""A dossier type in words, for help texts and for those who have to sign a channel that names it."""

from passerelle.dossiers.shapes import ActType, Deadline, DossierType, Language

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "states": "States",
        "acts": "Acts",
        "deadlines": "Deadlines",
        "grounds": "Grounds of refusal",
        "open": "open",
        "ended": "ended",
        "opener": "the opening side",
        "answerer": "the answering side",
        "either": "either side",
        "author": "the author of the message",
        "receiver": "the receiver of the message",
        "four_eyes": "two persons",
        "magistrate": "a magistrate",
        "most": "at most",
        "attest": "the author attests, on this node only",
        "review": "one duty officer in the flash lane, reviewed within",
        "escalate": "the next on call is called every",
        "channel": "only as the channel says",
    },
    "fr": {
        "states": "États",
        "acts": "Actes",
        "deadlines": "Délais",
        "grounds": "Motifs de refus",
        "open": "ouvert",
        "ended": "terminé",
        "opener": "la partie requérante",
        "answerer": "la partie requise",
        "either": "l'une ou l'autre partie",
        "author": "l'auteur du message",
        "receiver": "le destinataire du message",
        "four_eyes": "deux personnes",
        "magistrate": "un magistrat",
        "most": "au plus",
        "attest": "l'auteur atteste, sur ce nœud seulement",
        "review": "un seul officier de permanence dans la voie éclair, contrôle sous",
        "escalate": "la personne d'astreinte suivante est appelée toutes les",
        "channel": "seulement si le canal le prévoit",
    },
    "nl": {
        "states": "Toestanden",
        "acts": "Handelingen",
        "deadlines": "Termijnen",
        "grounds": "Weigeringsgronden",
        "open": "open",
        "ended": "beëindigd",
        "opener": "de verzoekende partij",
        "answerer": "de aangezochte partij",
        "either": "een van beide partijen",
        "author": "de auteur van het bericht",
        "receiver": "de ontvanger van het bericht",
        "four_eyes": "twee personen",
        "magistrate": "een magistraat",
        "most": "ten hoogste",
        "attest": "de auteur verklaart, alleen op deze node",
        "review": "één permanentieofficier in de spoedlijn, toetsing binnen",
        "escalate": "de volgende van wacht wordt opgeroepen om de",
        "channel": "alleen zoals het kanaal bepaalt",
    },
    "ar": {
        "states": "الحالات",
        "acts": "الإجراءات",
        "deadlines": "الآجال",
        "grounds": "أسباب الرفض",
        "open": "مفتوح",
        "ended": "منتهٍ",
        "opener": "الجهة الطالبة",
        "answerer": "الجهة المطلوب منها",
        "either": "إحدى الجهتين",
        "author": "محرر الرسالة",
        "receiver": "المتوصل بالرسالة",
        "four_eyes": "شخصان",
        "magistrate": "قاضٍ",
        "most": "على الأكثر",
        "attest": "يشهد المحرر، على هذه العقدة فقط",
        "review": "ضابط مداومة وحده في المسار العاجل، مع المراجعة داخل",
        "escalate": "يُستدعى المداوم الموالي كل",
        "channel": "فقط وفق ما تنص عليه القناة",
    },
}


def describe(kind: DossierType, language: Language) -> str:
    """The type as plain text in one of the four languages: states, acts and who does them, deadlines, grounds."""
    words = _WORDS[language]
    lines = [kind.labels.text(language), kind.help.text(language), "", words["states"]]
    lines += [
        f"- {state.labels.text(language)} ({words[state.status]}): {state.help.text(language)}"
        for state in kind.states.values()
    ]
    lines += ["", words["acts"], *(_act(act, language) for act in kind.acts.values())]
    lines += ["", words["deadlines"], *(_deadline(deadline, language) for deadline in kind.deadlines.values())]
    lines += ["", words["grounds"], *(f"- {ground.text(language)}" for ground in kind.grounds.values())]
    return "\n".join(lines) + "\n"


def _act(act: ActType, language: Language) -> str:
    words = _WORDS[language]
    who = [words[act.by], *(words[need] for need in ("four_eyes", "magistrate") if getattr(act, need))]
    if act.review:
        who.append(f"{words['review']} {act.review}")
    told = f"- {act.labels.text(language)} ({', '.join(who)}): {act.help.text(language)}"
    attested = "".join(f"\n  - {words['attest']}: {one.text(language)}" for one in act.attest.values())
    return told + attested


def _deadline(deadline: Deadline, language: Language) -> str:
    words = _WORDS[language]
    times = " / ".join(dict.fromkeys(deadline.duration.values())) or words["channel"]
    most = f", {words['most']} {deadline.most}" if deadline.most else ""
    calls = f", {words['escalate']} {deadline.escalate}" if deadline.escalate else ""
    return f"- {deadline.labels.text(language)}: {times}{most}{calls} ({words[deadline.owner]})"
