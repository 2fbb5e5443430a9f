"""`content-referral`: an invented video at an address of an example domain, referred, assessed, told to its host."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

EXAMINED = ["journalistic", "artistic", "academic", "educational", "countering-terrorism", "controversial-views"]
REFERRAL: Content = {
    "url": "https://videos.example.org/watch/417",
    "mirrors": ["https://copy.example.net/417"],
    "hash": "7d" * 32,
    "media": "video",
    "language": "fr",
    "seen_on": "2026-11-20",
    "public": True,
    "review": {"examined": EXAMINED, "finding": "none"},
    "kinds": ["instructs", "incites"],
    "law": "Code pénal, article 140sexies",
    "offence": "Fourniture d'instructions en vue d'une infraction terroriste",
    "why": "La vidéo montre pas à pas la fabrication d'un engin explosif et appelle à s'en servir dans un marché.",
}

SAMPLE = Sample(
    name="content-referral",
    bodies={
        "referral": REFERRAL,
        "assessed": {"outcome": "referable", "review": "none", "law": "القانون 03-03، الفصل 218-2"},
        "forwarded": {
            "host": "Example Videos",
            "country": "IE",
            "on": "2026-11-20",
            "nature": "referral",
            "decides": "host-by-its-own-terms",
        },
        "host-outcome": {"outcome": "removed", "on": "2026-11-21"},
        "host-recalled": {"on": "2026-11-21"},
    },
    envelope={"purpose": "content-referral", "necessity": "Contenu public qui incite à un attentat."},
    channel={"purposes": ["content-referral"]},
    life=[
        ("opener", "referral"),
        ("answerer", "take-charge"),
        ("answerer", "assessed"),
        ("answerer", "forwarded"),
        ("answerer", "host-outcome"),
        ("opener", "close"),
    ],
)
