"""The objects of STIX 2.1 that may be exchanged here, with the properties that they must and may have.

Source: OASIS, STIX version 2.1 (10 June 2021), sections 4 (domain objects), 5 (relationships), 6 (cyber observables)
and 7 (markings). A property that is not listed is refused.

Left out on purpose, because an indicator needs no personal data: `user-account`, `mac-addr`, `threat-actor` (often one
person), `opinion`; of `email-message` recipients, headers and body; of `email-addr` the name behind it; of `identity`
how to reach it, and every class but organisations, systems, groups and classes of victims; of `location` coordinates
and street; authors of notes; environment and user of a process; contents of files. `language-content` and custom
properties are not taken either: nobody could tell what they say.
"""

from types import MappingProxyType
from typing import Final, NamedTuple


class Properties(NamedTuple):
    """The properties of an object. `any_of`: at least one of these is there."""

    required: frozenset[str]
    known: frozenset[str]
    any_of: frozenset[str]


_BASE: Final = "type id"
_MARKS: Final = "object_marking_refs granular_markings extensions"
_DOMAIN_MUST: Final = f"{_BASE} spec_version created modified"
_DOMAIN_MAY: Final = f"{_MARKS} created_by_ref revoked labels confidence lang external_references"

# Name: what must be there, what may be there, of what one at least must be there.
_DOMAIN: Final = {
    "attack-pattern": ("name", "description aliases kill_chain_phases", ""),
    "campaign": ("name", "description aliases first_seen last_seen objective", ""),
    "course-of-action": ("name", "description", ""),
    "grouping": ("context object_refs", "name description", ""),
    "identity": ("name identity_class", "description roles sectors", ""),
    "indicator": (
        "pattern pattern_type valid_from",
        "name description indicator_types pattern_version valid_until kill_chain_phases",
        "",
    ),
    "infrastructure": (
        "name",
        "description infrastructure_types aliases kill_chain_phases first_seen last_seen",
        "",
    ),
    "intrusion-set": (
        "name",
        "description aliases first_seen last_seen goals resource_level primary_motivation secondary_motivations",
        "",
    ),
    "location": ("", "name description region country administrative_area city", "region country"),
    "malware": (
        "is_family",
        "name description malware_types aliases kill_chain_phases first_seen last_seen operating_system_refs "
        "architecture_execution_envs implementation_languages capabilities sample_refs",
        "",
    ),
    "malware-analysis": (
        "product",
        "version host_vm_ref operating_system_ref installed_software_refs configuration_version modules "
        "analysis_engine_version analysis_definition_version submitted analysis_started analysis_ended result_name "
        "result analysis_sco_refs sample_ref",
        "result analysis_sco_refs",
    ),
    "note": ("content object_refs", "abstract", ""),
    "observed-data": ("first_observed last_observed number_observed object_refs", "", ""),
    "report": ("name published object_refs", "description report_types", ""),
    "tool": ("name", "description tool_types aliases kill_chain_phases tool_version", ""),
    "vulnerability": ("name", "description", ""),
    "relationship": ("relationship_type source_ref target_ref", "description start_time stop_time", ""),
    "sighting": (
        "sighting_of_ref",
        "description first_seen last_seen count observed_data_refs where_sighted_refs summary",
        "",
    ),
}
_OBSERVABLE: Final = {
    "artifact": ("hashes", "mime_type url encryption_algorithm", ""),
    "autonomous-system": ("number", "name rir", ""),
    "directory": ("path", "path_enc ctime mtime atime contains_refs", ""),
    "domain-name": ("value", "resolves_to_refs", ""),
    "email-addr": ("value", "", ""),
    "email-message": ("is_multipart", "date content_type from_ref sender_ref subject message_id received_lines", ""),
    "file": (
        "",
        "hashes size name name_enc magic_number_hex mime_type ctime mtime atime parent_directory_ref contains_refs",
        "hashes name",
    ),
    "ipv4-addr": ("value", "belongs_to_refs", ""),
    "ipv6-addr": ("value", "belongs_to_refs", ""),
    "mutex": ("name", "", ""),
    "network-traffic": (
        "protocols",
        "start end is_active src_ref dst_ref src_port dst_port src_byte_count dst_byte_count src_packets dst_packets "
        "encapsulates_refs encapsulated_by_ref",
        "src_ref dst_ref",
    ),
    "process": (
        "",
        "is_hidden pid created_time cwd command_line opened_connection_refs image_ref parent_ref child_refs",
        "is_hidden pid created_time cwd command_line opened_connection_refs image_ref parent_ref child_refs",
    ),
    "software": ("name", "cpe swid languages vendor version", ""),
    "url": ("value", "", ""),
    "windows-registry-key": ("", "key values modified_time number_of_subkeys", "key values"),
    "x509-certificate": (
        "",
        "is_self_signed hashes version serial_number signature_algorithm issuer validity_not_before "
        "validity_not_after subject subject_public_key_algorithm subject_public_key_modulus "
        "subject_public_key_exponent x509_v3_extensions",
        "hashes serial_number issuer subject",
    ),
}
_MARKING: Final = ("spec_version created", "created_by_ref external_references definition_type definition name", "")


def _properties(must: str, may: str, one: str, base: str, more: str) -> Properties:
    required = frozenset(f"{base} {must}".split())
    return Properties(required, required | frozenset(f"{more} {may}".split()), frozenset(one.split()))


OBJECTS: Final = MappingProxyType(
    {name: _properties(*given, _DOMAIN_MUST, _DOMAIN_MAY) for name, given in _DOMAIN.items()}
    | {name: _properties(*given, _BASE, f"{_MARKS} spec_version defanged") for name, given in _OBSERVABLE.items()}
    | {"marking-definition": _properties(*_MARKING, _BASE, _MARKS)}
)
"""All that is known here, by type."""

OBSERVABLES: Final = frozenset(_OBSERVABLE)
"""Those that a pattern may speak of."""

IDENTITY_CLASSES: Final = ("organization", "system", "group", "class")

EXTENSIONS: Final = MappingProxyType(
    {
        "archive-ext": frozenset({"contains_refs", "comment"}),
        "windows-pebinary-ext": frozenset(
            [
                "pe_type",
                "imphash",
                "machine_hex",
                "number_of_sections",
                "time_date_stamp",
                "pointer_to_symbol_table_hex",
                "number_of_symbols",
                "size_of_optional_header",
                "characteristics_hex",
                "file_header_hashes",
                "optional_header",
                "sections",
            ]
        ),
        "http-request-ext": frozenset({"request_method", "request_value", "request_version"}),
        "icmp-ext": frozenset({"icmp_type_hex", "icmp_code_hex"}),
        "socket-ext": frozenset(
            {"address_family", "is_blocking", "is_listening", "options", "socket_type", "socket_descriptor"}
        ),
        "tcp-ext": frozenset({"src_flags_hex", "dst_flags_hex"}),
        "windows-service-ext": frozenset(
            {
                "service_name",
                "descriptions",
                "display_name",
                "group_name",
                "start_type",
                "service_type",
                "service_status",
            }
        ),
    }
)
"""Extensions that the standard itself gives, as far as they say nothing about a person, with their properties."""

TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP: Final = MappingProxyType(
    {
        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "clear",
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "green",
        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "amber",
        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "amber-strict",
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "red",
        # Those of TLP 1, which the standard still names (section 7.2.1.4).
        "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "amber",
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
    }
)
"""The markings of the traffic light protocol by the ids that OASIS has given them."""

TLP_ORDER: Final = ("clear", "green", "amber", "amber-strict", "red")
PAP_ORDER: Final = ("clear", "green", "amber", "red")

MOMENTS: Final = frozenset(
    [
        "created",
        "modified",
        "valid_from",
        "valid_until",
        "first_seen",
        "last_seen",
        "first_observed",
        "last_observed",
        "published",
        "submitted",
        "analysis_started",
        "analysis_ended",
        "start_time",
        "stop_time",
        "ctime",
        "mtime",
        "atime",
        "date",
        "start",
        "end",
        "created_time",
        "modified_time",
        "validity_not_before",
        "validity_not_after",
    ]
)
ORDERED: Final = (
    ("created", "modified"),
    ("valid_from", "valid_until"),
    ("first_seen", "last_seen"),
    ("first_observed", "last_observed"),
    ("start_time", "stop_time"),
    ("start", "end"),
)
FLAGS: Final = frozenset(
    ["revoked", "is_family", "is_multipart", "is_active", "is_hidden", "is_self_signed", "defanged", "summary"]
)
NUMBERS: Final = MappingProxyType(
    {
        "confidence": (0, 100),
        "number_observed": (1, 999_999_999),
        "count": (0, 999_999_999),
        "number": (0, 2**32 - 1),
        "size": (0, 2**53 - 1),
        "src_port": (0, 65_535),
        "dst_port": (0, 65_535),
        "pid": (0, 2**53 - 1),
    }
)
HASHES: Final = MappingProxyType(
    {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128, "SSDEEP": 0, "TLSH": 0}
)
"""Kinds of hashes with their length in hexadecimal digits; 0: written otherwise."""

PATTERN_TYPES: Final = ("stix", "pcre", "sigma", "snort", "spl", "suricata", "yara")
