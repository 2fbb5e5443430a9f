"""A dossier type in words, for help texts and for those who have to sign a channel that names it."""

from passerelle.core.words import N_, _, speaking
from passerelle.dossiers.drawing import SIDES, figures, span
from passerelle.dossiers.shapes import ActType, Deadline, DossierType, Language

_WORDS = {
    "open": N_("open"),
    "ended": N_("ended"),
    **SIDES,
    "either": N_("either side"),
    "author": N_("the author of the message"),
    "receiver": N_("the receiver of the message"),
    "four_eyes": N_("two persons"),
    "magistrate": N_("a magistrate"),
    "judicial": N_("written by another magistrate"),
    "police": N_("police"),
    "justice": N_("justice"),
    "fiu": N_("financial intelligence unit"),
    "civil": N_("civil authority"),
    "intelligence": N_("intelligence service"),
    "military": N_("military service"),
    "criminal": N_("criminal"),
    "migration": N_("migration"),
    "security": N_("security"),
    "general": N_("general"),
}


def _word(name: str) -> str:
    return _(_WORDS[name])


def describe(kind: DossierType, language: Language) -> str:
    """The type as plain text in one of the four languages: states, acts and who does them, deadlines, grounds."""
    with speaking(language):
        lines = [kind.labels.text(language), kind.help.text(language), "", *_limits(kind, language), "", _("States")]
        lines += [
            f"- {state.labels.text(language)} ({_word(state.status)}): {state.help.text(language)}"
            for state in kind.states.values()
        ]
        lines += ["", _("Acts"), *(_act(act, language) for act in kind.acts.values())]
        lines += ["", _("Deadlines"), *(_deadline(deadline, language) for deadline in kind.deadlines.values())]
        if kind.figures:
            lines += ["", _("Figures of the treaty; the channel replaces them")]
            lines += [f"- {one.labels.text(language)}: {span(one.duration)}" for one in kind.figures.values()]
        lines += ["", _("Grounds of refusal"), *(f"- {ground.text(language)}" for ground in kind.grounds.values())]
    return "\n".join(lines) + "\n"


def _limits(kind: DossierType, language: Language) -> list[str]:
    """What holds for all acts of the type."""
    areas = _(", ").join(_word(area) for area in sorted(kind.areas))
    lines = [_("For these purposes: {areas}", areas=areas)]
    if kind.services:
        services = _(", ").join(_word(service) for service in sorted(kind.services))
        lines.append(_("Only between services of these kinds: {services}", services=services))
    lines.append(_("Handling codes: {codes}", codes=", ".join(sorted(kind.handling.allowed))))
    if kind.handling.always:
        lines.append(_("In every act: {codes}", codes=", ".join(kind.handling.always)))
    if not kind.statements:
        lines.append(_("No statements: what is said is said in fields."))
    if not kind.indexed:
        lines.append(_("Its data never stand in a search index."))
    else:
        words = kind.envelope["$defs"]["category"]["x-values"]
        named = _(", ").join(words[one][language] for one in sorted(kind.indexed))
        lines.append(_("May stand in a search index, unless minors: {categories}", categories=named))
    if kind.search:
        act = kind.acts[kind.search.opens].labels.text(language)
        lines.append(_("A hit of a blind search opens one with: {act}", act=act))
    if kind.unsaid:
        lines.append(_("No text may say: {words}", words=", ".join(kind.unsaid)))
    return lines


def _act(act: ActType, language: Language) -> str:
    who = [_word(act.by), *(_word(need) for need in ("four_eyes", "magistrate", "judicial") if getattr(act, need))]
    if act.review:
        who.append(_("one duty officer in the flash lane, reviewed within {time}", time=span(act.review)))
    told = f"- {act.labels.text(language)} ({_(', ').join(who)}): {act.help.text(language)}"
    if act.attachments.most:
        kinds = _(", ").join(one.labels.text(language) for one in act.attachments.kinds)
        told += "\n  - " + _("may bear files, {most} at most: {kinds}", most=act.attachments.most, kinds=kinds)
    says = _("the author attests, on this node only:")
    return told + "".join(f"\n  - {says} {one.text(language)}" for one in act.attest.values())


def _deadline(deadline: Deadline, language: Language) -> str:
    times = figures(deadline)
    said = [times]
    if deadline.back:
        said = [_("{times} before the day in the act, counted back", times=times)]
    if deadline.anew:
        said.append(_("begins anew when that day is moved"))
    if deadline.most:
        said.append(_("at most {time}", time=span(deadline.most)))
    if deadline.escalate:
        said.append(_("the next on call is called every {time}", time=span(deadline.escalate)))
    return f"- {deadline.labels.text(language)}: {_(', ').join(said)} ({_word(deadline.owner)})"
