"""Which column of a table holds what: a small TOML or JSON text, or what the names of the columns say by themselves.

    date = "dd/mm/yyyy"              # of every date; without it day before month, and uncertain where it may be either
    separator = "|"                  # between several values in one cell

    [columns]
    "Nom" = "family"
    "Prénoms" = "given"
    "Alias 1" = { field = "alias", quality = "low" }
    "CIN" = { field = "number", country = "MA" }
    "Passeport" = { field = "document", kind = "passport" }

Several columns may have one field. `family` and `given` of one `group` make one name, what belongs to a document
(`document-country`, `document-expires` …) goes to the document of its group. A field that is not known, and a column
that the table does not have, are refused: nothing is left out by a slip.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping as AnyMapping
from functools import cache
from typing import Annotated, Any, Literal, get_args

import msgspec

from passerelle.core.errors import InputError, JsonError
from passerelle.core.json import parse
from passerelle.screening.readers.dates import known_form
from passerelle.screening.readers.text import known

Field = Literal[
    "id", "name", "family", "given", "alias", "birth", "birth-year", "birth-month", "birth-day", "sex", "nationality",
    "document", "document-kind", "document-country", "document-issued", "document-expires", "number", "number-country",
    "place-of-birth", "country-of-birth", "residence", "country-of-residence", "note",
]  # fmt: skip
NameKind = Literal["primary", "alias", "birth", "maiden", "nom-de-guerre", "spelling", "transliteration"]
DocumentKind = Literal["passport", "identity-card", "residence", "visa", "other"]
Short = Annotated[str, msgspec.Meta(max_length=40)]


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a column holds. `kind`: of a name or a document; `country`: of every document or number in it, alpha-2."""

    field: Field
    group: Annotated[int, msgspec.Meta(ge=1, le=99)] = 1
    kind: NameKind | DocumentKind | Literal[""] = ""
    quality: Literal["good", "low"] = "good"
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?\Z")] = ""
    separator: Short = ""
    date: Short = ""
    calendar: Literal["gregorian", "hijri"] = "gregorian"


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns by their names. `separator` and `date` hold for columns that have none of their own."""

    columns: dict[str, Field | Column]
    separator: Short = ""
    date: Short = ""
    delimiter: Annotated[str, msgspec.Meta(pattern=r"^[,;\t|]?\Z")] = ""
    encoding: str = ""

    def column(self, name: str) -> Column:
        """What a column holds, with the defaults filled in."""
        one = self.columns[name]
        full = Column(field=one) if isinstance(one, str) else one
        return msgspec.structs.replace(full, separator=full.separator or self.separator, date=full.date or self.date)


def mapping_from(data: bytes) -> Mapping:
    """The mapping that a TOML or JSON text says. Raises InputError."""
    value: Any
    try:
        value = parse(data, "mapping") if data.lstrip()[:1] == b"{" else tomllib.loads(data.decode())
        made = msgspec.convert(value, Mapping)
    except UnicodeDecodeError as error:
        raise InputError(f"mapping: expected UTF-8, got byte {data[error.start]!r} at {error.start}") from None
    except JsonError:
        raise
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"mapping: expected TOML or JSON, {error}") from None
    except msgspec.ValidationError as error:
        raise InputError(f"mapping: expected columns with fields of {', '.join(get_args(Field))}; {error}") from None
    if made.encoding:
        known(made.encoding)
    for name in made.columns:
        _check(made.column(name), name)
    return made


def _check(one: Column, name: str) -> None:
    if one.date and not known_form(one.date):
        raise InputError(f"mapping: column {name!r}: expected a form of dates like dd/mm/yyyy, got {one.date!r}")
    kinds: tuple[str, ...] = ("",)
    if one.field in ("name", "family", "given", "alias"):
        kinds += get_args(NameKind)
    elif one.field == "document":
        kinds += get_args(DocumentKind)
    if one.kind not in kinds:
        allowed = ", ".join(kind for kind in kinds if kind) or "none"
        raise InputError(f"mapping: column {name!r}: expected a kind of {allowed}, got {one.kind!r}")


# What columns are called where nothing has to be said: English, French, Dutch, Spanish, Arabic.
_OBVIOUS: AnyMapping[str, str] = {
    "id": "id uid ref reference recordid entryid volgnummer referentie",
    "name": "name fullname names wholename nomcomplet nomprenom naam volledigenaam nombrecompleto الاسم الاسمالكامل",
    "family": "family familyname lastname surname nom nomdefamille familienaam achternaam apellido apellidos"
    " الاسمالعائلي النسب اللقب",
    "given": "given givenname givennames firstname firstnames forename forenames prenom prenoms voornaam voornamen"
    " middlename nombre nombres الاسمالشخصي",
    "alias": "alias aliases aka alsoknownas autresnoms othernames surnom bijnaam الاسمالمستعار",
    "birth": "birth births birthdate dateofbirth dob born datedenaissance naissance ddn geboortedatum geboren"
    " fechadenacimiento تاريخالازدياد تاريخالميلاد",
    "birth-year": "birthyear yearofbirth anneedenaissance geboortejaar سنةالميلاد",
    "sex": "sex gender sexe genre geslacht sexo الجنس",
    "nationality": "nationality nationalities citizenship nationalite nationalites nationaliteit nacionalidad الجنسية",
    "document": "document documents documentnumber docnumber passport passportnumber passportno passeport"
    " numerodepasseport paspoort paspoortnummer pasaporte جوازالسفر رقمالجواز",
    "document-kind": "documenttype documentkind doctype typededocument",
    "document-country": "documentcountry issuingcountry issuer paysdedelivrance landvanafgifte",
    "document-expires": "documentexpires expiry expirydate expires dateofexpiry dateexpiration vervaldatum",
    "number": "nationalnumber nationalid nationalidnumber nationalidentitynumber cin cnie nrn numeronational"
    " rijksregisternummer رقمالبطاقةالوطنية",
    "place-of-birth": "placeofbirth birthplace pob lieudenaissance geboorteplaats مكانالازدياد مكانالولادة",
    "country-of-birth": "countryofbirth birthcountry paysdenaissance geboorteland",
    "residence": "residence address adresse adres domicile woonplaats العنوان",
    "country-of-residence": "country countryofresidence paysderesidence landvanverblijf",
    "note": "note notes remark remarks comment comments remarque remarques opmerking opmerkingen ملاحظة",
}


@cache
def _by_name() -> dict[str, str]:
    return {_folded(name): field for field, names in _OBVIOUS.items() for name in names.split()}


def obvious(columns: list[str]) -> Mapping:
    """The columns whose names say what they hold; those with one more word or number at the end (`alias 2`) too."""
    made: dict[str, Field | Column] = {}
    for name in columns:
        field = _by_name().get(_folded(name))
        if field is not None:
            column = {"field": field} | ({"kind": "passport"} if field == "document" and "pas" in name.lower() else {})
            made[name] = msgspec.convert(column, Column)
    return Mapping(columns=made, separator="|")


def _folded(name: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return re.sub(r"[\W\d_]+", "", bare)
