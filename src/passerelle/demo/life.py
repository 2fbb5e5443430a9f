"""What the services of the story agreed on, and the life of its first dossier, act by act. Everybody is invented."""

from typing import Any

from passerelle.demo import cast

CHARGE = {"service": "مكتب المبحوث عنهم", "contact": "ناديا"}
CHANNELS = [
    ("wanted-trace", "Wanted persons", "7"),
    ("listed-person", "Published lists", "5"),
    ("identification", "Identification of persons in irregular stay", "10"),
    ("urgent-alert", "Urgent alerts", "8"),
]
_PLACE = {"on": "2026-01-20", "place": cast.PLACE}

LIFE: list[tuple[str, str, str, str, dict[str, Any]]] = [
    (
        "ma",
        "take-charge",
        "in-charge",
        "taken in charge by a person at ma",
        {"reference": "MA-2026-4411", "body": CHARGE},
    ),
    (
        "ma",
        "review",
        "in-charge",
        "ma records its review: no political, military, religious or racial character",
        {
            "body": {
                "examined": ["political", "military", "religious", "racial"],
                "outcome": "none-found",
            }
        },
    ),
    ("ma", "sighting", "in-charge", "ma reports a sighting", {"body": _PLACE | {"circumstances": "شوهد قرب المحطة"}}),
    (
        "be",
        "provisional-arrest",
        "arrest-requested",
        "be asks for provisional arrest, with its assurances",
        {
            "body": {
                "assurances": cast.ASSURANCES,
                "extradition_intended": True,
                "warrant_reference": cast.WARRANT["reference"],
            }
        },
    ),
    (
        "ma",
        "arrested",
        "arrested",
        "ma reports the arrest and the consular notification",
        {"body": _PLACE | {"authority": "النيابة العامة", "consular": {"told": True, "wish": "do-not-notify"}}},
    ),
    (
        "be",
        "cancelled",
        "release-pending",
        "be cancels: the warrant is lifted, the person is to be released",
        {"body": {"reason": "warrant-lifted", "indexed": False}},
    ),
    (
        "ma",
        "release-due",
        "release-pending",
        "ma reports the release; without it nobody could close",
        {"body": {"due": "2026-01-21", "custody": "released", "released_on": "2026-01-21"}},
    ),
    ("ma", "close", "closed", "ma closes", {"body": {"outcome": "done", "indexed": False}}),
]
"""Who, which act, the state after it, in words, what the act says."""
