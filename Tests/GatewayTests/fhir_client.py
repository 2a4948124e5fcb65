"""Reads a running worker's FHIR with fhirpy, and holds every answer against the R4 models of fhir.resources.

usage: fhir_client.py BASE-URL NHS-NUMBER SOURCE.ID TYPE…
The patient is known at two HIEs, under SOURCE.ID at one of them, with two entries or more of each TYPE; some HIE is not
complete. Ends with status 1 and the first difference. A function for each thing that is read; `main` calls them all.
"""
import re
import sys
import xml.etree.ElementTree

import requests
from fhir.resources import construct_fhir_element
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

NHS = "https://fhir.nhs.uk/Id/nhs-number"
XHTML = "{http://www.w3.org/1999/xhtml}"
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
NOT_CODES = {"CapabilityStatement.format"}  # media types, of which the models know the column heads of a table
RESULT = {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
VISIT = {
    "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"
}
# Statuses of which the models say "and more".
MORE = {"Observation": RESULT, "DiagnosticReport": RESULT | {"partial", "appended"}, "Encounter": VISIT}
SECTIONS_NEEDED = {"11450-4", "48765-2", "10160-0"}

answers = []  # every answer, by whichever way it was asked for


def validate(json):
    """The whole of a resource: its structure, its codes of required value sets, and what stands in it."""
    resource = construct_fhir_element(json["resourceType"], json)
    check_codes(resource, json["resourceType"])
    for part in nested(json):
        if "id" in part:
            assert ID.fullmatch(part["id"]), part["id"]
        for issue in part.get("issue", []):
            assert issue["diagnostics"], "an issue says what is the matter"
    return resource


def check_codes(element, place):
    """The models know the codes of required value sets, and do not hold anybody to them."""
    for name, field in element.__fields__.items():
        value = getattr(element, name)
        allowed = field.field_info.extra.get("enum_values")
        if allowed and "+" in allowed:
            allowed = MORE[element.resource_type]
        for item in value if isinstance(value, list) else [value]:
            if allowed and item is not None and f"{place}.{name}" not in NOT_CODES:
                assert item in allowed, f"{place}.{name}: {item} is none of {allowed}"
            if hasattr(item, "__fields__"):
                check_codes(item, f"{place}.{name}")


def nested(json):
    """A resource and those within it."""
    yield json
    for entry in json.get("entry", []) + json.get("parameter", []):
        if "resource" in entry:
            yield from nested(entry["resource"])


def warnings(json):
    """The issues of every OperationOutcome within; never an error beside what was found."""
    issues = [issue for part in nested(json) for issue in part.get("issue", [])]
    assert all(issue["severity"] in ("warning", "information") for issue in issues), issues
    return [issue for issue in issues if issue["severity"] == "warning"]


def matches(bundle):
    return [entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "match"]


def is_warned(json):
    """Some HIE is not complete, and the answer names it and the cause."""
    causes = [issue["details"]["coding"][0]["code"] for issue in warnings(json) if "details" in issue]
    assert causes and set(causes) <= {"broker", "peer", "refusal", "index", "planned", "limit"}, causes


def search_patients(client, base, number, local):
    """IHE PDQm: by identifier, by demographics, by POST, in pages."""
    patients = client.resources("Patient")
    bundle = patients.search(identifier=f"{NHS}|{number}").fetch_raw()
    found = matches(bundle)
    assert bundle["total"] == len(found) >= 2, bundle["total"]
    is_warned(bundle)
    one = patients.search(_id=local).first()
    assert one["id"] == local
    assert one.reference == f"Patient/{local}"
    read = client.reference("Patient", local).to_resource()
    assert read["id"] == local and read["identifier"] == one["identifier"]
    family, given = one["name"][0]["family"], one["name"][0]["given"][0]
    born, gender = one["birthDate"], one["gender"]
    queries = [
        {"family": family[:3].upper()},
        {"family": family, "given": given.lower(), "gender": gender},
        {"family:exact": family, "given:exact": given},
        {"birthdate": born},
        {"birthdate": [f"ge{born[:4]}", f"le{born[:7]}"], "family": family},
        {"family": f"{family},nobody"},
        {"family": family, "identifier": f"{NHS}|{number}"},
    ]
    for query in queries:
        ids = [patient["id"] for patient in patients.search(**query).fetch_all()]
        assert local in ids, (query, ids)
        form = requests.post(f"{base}/Patient/_search", data=query)
        assert form.status_code == 200 and local in [patient["id"] for patient in matches(form.json())], query
    for query in [{"family:exact": family.lower()}, {"birthdate": f"gt{born}", "identifier": f"{NHS}|{number}"}]:
        bundle = patients.search(**query).fetch_raw()
        assert bundle["total"] == 0 and matches(bundle) == []
        is_warned(bundle)
    everybody = patients.search(family=family).fetch_all()
    paged = patients.search(family=family).limit(1).fetch_all()
    assert [patient["id"] for patient in paged] == [patient["id"] for patient in everybody]
    for query in [{}, {"given": given}, {"family": family, "colour": "red"}, {"birthdate": "yesterday"}]:
        refused(lambda query=query: patients.search(**query).fetch_raw())


def cross_reference(client, number, local):
    """IHE PIXm: from the NHS number to the HIEs' ids, and back."""
    def pix(query):
        return client.execute("Patient/$ihe-pix", method="get", params=query)

    answer = pix({"sourceIdentifier": f"{NHS}|{number}"})
    identifiers = [p["valueIdentifier"] for p in answer["parameter"] if p["name"] == "targetIdentifier"]
    references = [p["valueReference"]["reference"] for p in answer["parameter"] if p["name"] == "targetId"]
    source, patient = local.split(".", 1)
    assert {"system": f"urn:wherry:hie:{source}", "value": patient} in identifiers
    assert f"Patient/{local}" in references and len(identifiers) == len(references) >= 2
    is_warned(answer)
    back = pix({"sourceIdentifier": f"urn:wherry:hie:{source}|{patient}"})
    identifiers = [p["valueIdentifier"] for p in back["parameter"] if p["name"] == "targetIdentifier"]
    assert {"system": NHS, "value": number} in identifiers
    assert {"system": f"urn:wherry:hie:{source}", "value": patient} not in identifiers, "not the one asked with"
    only = pix({"sourceIdentifier": f"{NHS}|{number}", "targetSystem": f"urn:wherry:hie:{source}"})
    assert len([p for p in only["parameter"] if p["name"] == "targetIdentifier"]) == 1
    known = f"{NHS}|{number}"
    refused(lambda: pix({"sourceIdentifier": f"urn:wherry:hie:{source}|nobody"}), "not-found", 404)
    refused(lambda: pix({"sourceIdentifier": "urn:other|1"}), "code-invalid", 400)
    refused(lambda: pix({"sourceIdentifier": known, "targetSystem": "urn:other"}), "code-invalid", 403)


def summary(client, number, local):
    """The International Patient Summary: a document whose every entry is part of it, and which says what it lacks."""
    documents = [
        client.execute(f"Patient/{number}/$summary", method="get"),
        client.execute(f"Patient/{local}/$summary", method="get"),
        client.execute("Patient/$summary", method="get", params={"identifier": f"{NHS}|{number}"}),
    ]
    for document in documents:
        assert document["type"] == "document" and document["identifier"] and document["timestamp"]
        entries = {entry["fullUrl"]: entry["resource"] for entry in document["entry"]}
        assert len(entries) == len(document["entry"]), "no fullUrl twice"
        composition = document["entry"][0]["resource"]
        assert composition["resourceType"] == "Composition"
        assert composition["type"]["coding"][0] == {
            "system": "http://loinc.org", "code": "60591-5", "display": "Patient summary Document"
        }
        codes = {section["code"]["coding"][0]["code"] for section in composition["section"]}
        assert SECTIONS_NEEDED <= codes, codes
        for section in composition["section"]:
            div = xml.etree.ElementTree.fromstring(section["text"]["div"])
            assert div.tag == XHTML + "div" and "".join(div.itertext()).strip()
            assert ("emptyReason" in section) != ("entry" in section) or "completeness" in str(section["code"])
        reached = set()
        follow(document["entry"][0]["fullUrl"], entries, reached)
        assert reached == set(entries), "every entry is reached from the Composition"
        assert composition["status"] == "preliminary", "it does not look complete"
        is_warned(document)


def follow(url, entries, reached):
    if url in reached:
        return
    assert url in entries, f"{url} leads nowhere"
    reached.add(url)
    for reference in references(entries[url]):
        follow(reference, entries, reached)


def references(json):
    if isinstance(json, dict):
        if isinstance(json.get("reference"), str):
            yield json["reference"]
        for value in json.values():
            yield from references(value)
    elif isinstance(json, list):
        for value in json:
            yield from references(value)


def everything(client, number, local):
    """The resources themselves: of the HIE that answers as it stores them, of the others what the index knows."""
    for name in [number, local]:
        bundle = client.execute(f"Patient/{name}/$everything", method="get", params={"deadline": "10s"})
        found = matches(bundle)
        assert bundle["type"] == "searchset" and bundle["total"] == len(found)
        urls = [entry["fullUrl"] for entry in bundle["entry"] if "fullUrl" in entry]
        assert len(set(urls)) == len(urls)
        assert all(resource["meta"]["source"].startswith("urn:wherry:hie:") for resource in found)
        stored = [resource for resource in found if resource["meta"]["source"] == "urn:wherry:hie:barts"]
        assert {resource["resourceType"] for resource in stored} == {"Patient", "Condition", "Flag"}
        others = [resource for resource in found if resource not in stored]
        assert others
        for resource in others:
            assert {"system": "urn:wherry:tag", "code": "index-entry"} in resource["meta"]["tag"]
        is_warned(bundle)
    chosen = client.execute(
        f"Patient/{number}/$everything", method="get", params={"_type": "Condition,Flag", "deadline": "10s"})
    assert {resource["resourceType"] for resource in matches(chosen)} == {"Condition", "Flag"}
    later = client.execute(
        f"Patient/{number}/$everything", method="get", params={"_since": "2999-01-01", "deadline": "10s"})
    assert not [r for r in matches(later) if r["meta"]["source"] == "urn:wherry:hie:barts"]
    path = f"Patient/{number}/$everything"
    for query in [{"_type": "condition"}, {"_since": "yesterday"}, {"deadline": "0s"}, {"_count": "5"}]:
        refused(lambda query=query: client.execute(path, method="get", params=query))
    refused(lambda: client.execute("Patient/nobody/$everything", method="get"), "not-found", 404)


def search_entries(client, number, local, kind):
    """One type of one patient: in pages, by code and by date."""
    resources = client.resources(kind)
    bundle = resources.search(patient=f"Patient/{local}").fetch_raw()
    found = matches(bundle)
    assert bundle["total"] == len(found) >= 2, (kind, bundle["total"])
    is_warned(bundle)
    ids = [resource["id"] for resource in found]
    assert len(set(ids)) == len(ids)
    for resource in found:
        assert {"system": "urn:wherry:tag", "code": "index-entry"} in resource["meta"]["tag"]
        assert resource["meta"]["source"] == resource["identifier"][0]["system"]
        assert resource["identifier"][0]["value"].startswith(f"{kind}/")
    for query in [
        {"patient": number}, {"patient.identifier": f"{NHS}|{number}"}, {"patient:identifier": f"{NHS}|{number}"}
    ]:
        assert [resource["id"] for resource in resources.search(**query).fetch_all()] == ids, query
    assert [resource["id"] for resource in resources.search(patient=number).limit(1).fetch_all()] == ids
    since = resources.search(patient=number, _since="1900-01-01").fetch_all()
    assert [resource["id"] for resource in since] == ids
    assert resources.search(patient=number, date="gt2900").fetch_all() == []
    is_warned(resources.search(patient=number, code="urn:other|none").fetch_raw())
    refused(lambda: resources.search().fetch_raw())
    refused(lambda: resources.search(patient=number, _lastUpdated="ge2020").fetch_raw(), "not-supported", 400)


def capabilities(base):
    statement = requests.get(f"{base}/metadata").json()
    assert statement["resourceType"] == "CapabilityStatement" and statement["fhirVersion"] == "4.0.1"


def refused(ask, code=None, status=None):
    """An OperationOutcome that says what is wrong, and no patient's data."""
    try:
        ask()
    except (OperationOutcome, ResourceNotFound):
        answer = answers[-1]
        assert status is None or answer.status_code == status, answer.status_code
        issue = answer.json()["issue"][0]
        assert issue["severity"] == "error" and issue["diagnostics"], issue
        assert code is None or issue["code"] == code, issue
        assert sys.argv[2] not in answer.text
        return
    raise AssertionError("this is refused")


def record_answers():
    """From here on every answer is kept and, once it has come, held against the models."""
    send = requests.Session.send

    def recorded(session, request, **settings):
        answer = send(session, request, **settings)
        answers.append(answer)
        assert answer.headers["Content-Type"] == "application/fhir+json", answer.headers["Content-Type"]
        try:
            validate(answer.json())
        except Exception as error:
            raise AssertionError(f"{request.method} {request.url}: {error}") from error
        return answer

    requests.Session.send = recorded


def main(base, number, local, kinds):
    record_answers()
    client = SyncFHIRClient(base)
    capabilities(base)
    search_patients(client, base, number, local)
    cross_reference(client, number, local)
    summary(client, number, local)
    everything(client, number, local)
    for kind in kinds:
        search_entries(client, number, local, kind)
    print(f"{len(answers)} answers: ok")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
