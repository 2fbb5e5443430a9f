"""`financial-intelligence`: transfers through an invented company; consent, passing on, use as evidence."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

# Nobody of these exists; the numbers are no accounts.
KARIM: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [{"text": "Karim Oulad Ziane", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1979-02-11", "calendar": "gregorian", "kind": "exact"}],
    "minor": "no",
}
REPORT: Content = {
    "kind": "suspicious-transaction",
    "currency": "EUR",
    "transactions": [
        {
            "number": "T-2026-000417",
            "date": "2026-10-02",
            "amount": "9800.00",
            "currency": "EUR",
            "kind": "cash-deposit",
            "from": {"party": "p1", "funds": "cash"},
            "to": {"party": "a1", "country": "BE"},
        },
        {
            "number": "T-2026-000431",
            "date": "2026-10-05",
            "amount": "9500.00",
            "currency": "EUR",
            "kind": "cross-border-transfer",
            "from": {"party": "a1", "country": "BE"},
            "to": {"party": "a2", "country": "MA", "currency": "MAD", "amount": "101650.00", "rate": "10.70"},
            "conductor": "p1",
            "description": "Facture 17",
        },
    ],
    "accounts": [
        {"key": "a1", "number": "BE00 0000 0000 0017", "scheme": "iban", "country": "BE", "holders": ["e1"]},
        {"key": "a2", "number": "000 000 0000000000000017 00", "scheme": "national", "country": "MA"},
    ],
    "entities": [{"key": "e1", "name": "Atlas Négoce Exemple SRL", "country": "BE", "directors": ["p1"]}],
    "indicators": ["Fractionnement de versements en espèces"],
}
REQUEST: Content = {
    "matter": "money-laundering",
    "facts": "Versements en espèces fractionnés, suivis de virements vers un compte au Maroc sans cause apparente.",
    "link": "Le compte bénéficiaire est tenu au Maroc.",
    "predicate": "Fraude à la TVA",
    "sought": ["accounts", "beneficial-ownership"],
    "use": "Analyse opérationnelle ; aucune transmission sans accord.",
    "from_day": "2026-09-01",
    "until_day": "2026-10-31",
    "report": REPORT,
}
TOLD: Content = {name: REQUEST[name] for name in ("matter", "facts", "link", "predicate", "report")}
CONSENT: Content = {
    "question": "01932f3a-1234-7abc-8def-0123456789ab",
    "decision": "conditional",
    "authority": "Parquet fédéral",
    "purpose": "Information judiciaire pour blanchiment",
    "conditions": "À titre de renseignement seulement.",
}
EVIDENCE: Content = CONSENT | {"authority": "Tribunal de première instance de Liège"}
PASSED: Content = {"on": "2026-11-21"}

SAMPLE = Sample(
    name="financial-intelligence",
    bodies={
        "request": REQUEST,
        "disseminate": TOLD,
        "disseminated": PASSED,
        "used-as-evidence": PASSED | {"case": "BE-2026-417"},
        "feedback": {"outcome": "led-to-analysis"},
        "reply": {"text": "الحساب مفتوح باسم شركة ثانية لها المسير نفسه.", "report": REPORT},
        "consent": CONSENT,
    },
    subjects={"request": [KARIM], "disseminate": [KARIM], "reply": [KARIM]},
    services={"fiu": "fiu"},
    envelope={
        "purpose": "financial-intelligence",
        "necessity": "Analyser des opérations suspectes liées aux deux États.",
    },
    names={"disseminated": "consent", "used-as-evidence": "consent"},
    channel={"purposes": ["financial-intelligence"]},
    life=[
        ("opener", "request"),
        ("answerer", "take-charge"),
        ("answerer", "interim"),
        ("answerer", "reply"),
        ("opener", "ask-onward"),
        ("answerer", "consent"),
        ("opener", "disseminated"),
        ("opener", "ask-evidence"),
        ("answerer", "consent", {"body": EVIDENCE}),
        ("opener", "used-as-evidence"),
        ("opener", "feedback"),
        ("opener", "close"),
    ],
)
