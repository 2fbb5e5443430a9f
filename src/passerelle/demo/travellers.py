"""300 travellers and an index of 2,000 persons, all invented, from a seed: three of the one are on the other.

The list of travellers is a passenger message (UN/EDIFACT PAXLST), in Latin letters as carriers write; ma's own list is
lines of JSON, most of it in Arabic. Two of the three are the same persons under other spellings, one of them with a
new passport; the third has name and birth date in common with an entry, and nothing else: a namesake.
"""

import json
import random
from typing import Any, NamedTuple

Row = dict[str, Any]
SEED = 1417
TRAVELLERS, ENTRIES = 300, 2_000

_GIVEN = [
    *(("Youssef", "يوسف", "M"), ("Karim", "كريم", "M"), ("Rachid", "رشيد", "M"), ("Hicham", "هشام", "M")),
    *(("Driss", "إدريس", "M"), ("Said", "سعيد", "M"), ("Omar", "عمر", "M"), ("Khalid", "خالد", "M")),
    *(("Mustapha", "مصطفى", "M"), ("Brahim", "إبراهيم", "M"), ("Anouar", "أنوار", "M"), ("Tarik", "طارق", "M")),
    *(("Nadia", "نادية", "F"), ("Samira", "سميرة", "F"), ("Khadija", "خديجة", "F"), ("Salma", "سلمى", "F")),
    *(("Hafsa", "حفصة", "F"), ("Latifa", "لطيفة", "F"), ("Naima", "نعيمة", "F"), ("Ilham", "إلهام", "F")),
]
_FAMILY = [
    *(("Ouazzani", "الوزاني"), ("Belghazi", "بلغازي"), ("Lahlou", "لحلو"), ("Benkirane", "بنكيران")),
    *(("Tazi", "التازي"), ("Berrada", "برادة"), ("Skalli", "السقلي"), ("Filali", "الفيلالي")),
    *(("Idrissi", "الإدريسي"), ("Naciri", "الناصري"), ("Chraibi", "الشرايبي"), ("Sefrioui", "الصفريوي")),
    *(("Guessous", "كسوس"), ("Hassani", "الحسني"), ("Bouzidi", "البوزيدي"), ("Mernissi", "المرنيسي")),
    *(("Tahiri", "الطاهري"), ("Rifai", "الرفاعي"), ("Kettani", "الكتاني"), ("Daoudi", "الداودي")),
    *(("Zniber", "زنيبر"), ("Bennis", "بنيس"), ("Amrani", "العمراني"), ("Slaoui", "السلاوي")),
]
_ABROAD = [
    *(("Joris", "M"), ("Lotte", "F"), ("Bram", "M"), ("Eline", "F"), ("Thibault", "M"), ("Maud", "F")),
    *(("Gilles", "M"), ("Noémie", "F"), ("Wouter", "M"), ("Femke", "F"), ("Cédric", "M"), ("Aurélie", "F")),
]
_ABROAD_FAMILY = [
    *("Van Hemelrijk", "Dewaele", "Lodewijckx", "Vandersteen", "Collignon", "Delvigne", "Mahieu"),
    *("Wouters", "Peeraer", "Lambrecht", "Hautekiet", "Renson", "Dethier", "Goossens"),
]
_TOWNS = ["Khouribga", "Oujda", "Settat", "Larache", "Taza", "Safi", "Nador", "Beni Mellal"]


class Traveller(NamedTuple):
    """A passenger as a carrier writes him: names in capitals, day of birth, sex, passport, where born."""

    family: str
    given: str
    born: str
    sex: str
    passport: str
    issuer: str
    town: str


THREE = (
    Traveller("ZEROUALI", "ABDERRAHIM", "1987-05-14", "M", "ZX4170017", "MAR", "KHOURIBGA"),
    Traveller("BENDJELLOUN", "FATIMA EZZAHRA", "1991-11-02", "F", "ZX4170544", "MAR", "OUJDA"),
    Traveller("EL MESKINI", "YASSINE", "1979-03-25", "M", "EX5520981", "BEL", "LIEGE"),
)
"""Who is on ma's index: two persons, and a namesake of a third."""
_KNOWN: tuple[Row, ...] = (
    {
        "id": "MA-0417",
        "names": ["عبد الرحيم الزروالي", "Abd Errahim Ezzerouali"],
        "birth": ["1987-05-14"],
        "documents": [{"kind": "passport", "number": "ZX4170017", "country": "MA"}],
        "places": [{"kind": "birth", "text": "Khouribga", "country": "MA"}],
        "sex": "male",
    },
    {
        "id": "MA-1102",
        "names": ["فاطمة الزهراء بنجلون"],
        "birth": ["1991-11-02"],
        "documents": [{"kind": "passport", "number": "ZX1180203", "country": "MA"}],
        "places": [{"kind": "birth", "text": "Oujda", "country": "MA"}],
        "sex": "female",
    },
    {
        "id": "MA-1776",
        "names": ["ياسين المسكيني"],
        "birth": ["1979-03-25"],
        "documents": [{"kind": "passport", "number": "ZX2290066", "country": "MA"}],
        "places": [{"kind": "birth", "text": "Larache", "country": "MA"}],
        "sex": "male",
    },
)
KNOWN = frozenset(one["id"] for one in _KNOWN)
"""The ids of those three on ma's list."""


def entries() -> str:
    """Ma's list, lines of JSON: `ENTRIES` persons, among them the three."""
    chance = random.Random(SEED)
    rows = [_entry(chance, number) for number in range(ENTRIES - len(_KNOWN))]
    rows += _KNOWN
    chance.shuffle(rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _entry(chance: random.Random, number: int) -> Row:
    given, arabic, sex = chance.choice(_GIVEN)
    family, arabic_family = chance.choice(_FAMILY)
    latin, old = chance.random() < 0.3, chance.random() < 0.1
    row: Row = {
        "id": f"MA-{2000 + number}",
        "names": [f"{given} {family}" if latin else f"{arabic} {arabic_family}"],
        "birth": [str(chance.randint(1935, 1954)) if old else _day(chance)],  # of the oldest the year alone is known
        "places": [{"kind": "birth", "text": chance.choice(_TOWNS), "country": "MA"}],
        "sex": "male" if sex == "M" else "female",
    }
    if chance.random() < 0.5:
        row["documents"] = [{"kind": "passport", "number": f"ZX7{number:06d}", "country": "MA"}]
    return row


def _day(chance: random.Random) -> str:
    return f"{chance.randint(1955, 2002)}-{chance.randint(1, 12):02d}-{chance.randint(2, 28):02d}"


def travellers() -> list[Traveller]:
    """The passengers, among them the three."""
    chance = random.Random(SEED + 1)
    those = [*THREE]
    for number in range(TRAVELLERS - len(THREE)):
        born = _day(chance)
        if chance.random() < 0.6:
            given, _, sex = chance.choice(_GIVEN)
            family, issuer, town = chance.choice(_FAMILY)[0], "MAR", chance.choice(_TOWNS)
        else:
            given, sex = chance.choice(_ABROAD)
            family, issuer, town = chance.choice(_ABROAD_FAMILY), "BEL", "Namur"
        paper = f"{'ZX' if issuer == 'MAR' else 'EX'}3{number:06d}"
        those.append(Traveller(family.upper(), given.upper(), born, sex, paper, issuer, town.upper()))
    chance.shuffle(those)
    return those


def passengers(those: list[Traveller], day: str) -> str:
    """The message of a carrier with these passengers, for a flight on a day (ISO)."""
    short = day[2:].replace("-", "")
    body = [
        "BGM+745",
        "TDT+20+EX117+++EX",
        "LOC+125+CMN",
        f"DTM+189:{short}1430:201",
        "LOC+87+BRU",
        f"DTM+232:{short}1900:201",
    ]
    for one in those:
        body += [
            f"NAD+FL+++{one.family}:{one.given}",
            f"ATT+2++{one.sex}",
            f"DTM+329:{one.born[2:].replace('-', '')}",
            f"LOC+180+{one.issuer}:::{one.town}",
            f"DOC+P:110:111+{one.passport}",
            f"LOC+91+{one.issuer}",
        ]
    body.append(f"CNT+42:{len(those)}")
    frame = [
        f"UNB+UNOC:4+CARRIER+AUTHORITY+{short}:0900+REF1",
        "UNH+MSG1+PAXLST:D:02B:UN:IATA",
        *body,
        f"UNT+{len(body) + 2}+MSG1",
        "UNZ+1+REF1",
    ]
    return "".join(f"{one}'\n" for one in frame)
