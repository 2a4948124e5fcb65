"""Patients whom every HIE of a mesh knows, so that a query has to ask all of them."""
import json

from benchlib.system import expect
from torturelib.feed import NUMBER_SYSTEM, nhs_numbers

#: Numbers of the test range that the population does not reach.
NUMBERS_FROM = 999_900_000
CONDITIONS_EACH = 4
#: A Patient and the Conditions.
RESOURCES_EACH = 1 + CONDITIONS_EACH


def bundle(number, hie):
    """A transaction with the patient of that number, and what this HIE has of them."""
    identifier = f"known-{number}"
    resources = [{"resourceType": "Patient", "id": identifier, "name": [{"family": "Example", "given": ["Everywhere"]}],
                  "birthDate": "1970-01-01", "gender": "female",
                  "identifier": [{"system": NUMBER_SYSTEM, "value": str(number)}]}]
    resources += [{"resourceType": "Condition", "id": f"{identifier}-{item}",
                   "subject": {"reference": f"Patient/{identifier}"},
                   "clinicalStatus": {"coding": [{"code": "active"}]}, "onsetDateTime": f"20{10 + item}-05-01",
                   "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001",
                                        "display": f"Asthma, as {hie} has it"}]}}
                  for item in range(CONDITIONS_EACH)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in resources]}


def feed(mesh, hies, count):
    """Gives each of these HIEs a record of `count` patients. Returns their numbers when all indexes have them."""
    known = [str(number) for number, _ in zip(nhs_numbers(NUMBERS_FROM), range(count))]
    for hie in hies:
        for number in known:
            status, _, _ = mesh.seats[hie].request("POST", "/fhir", json.dumps(bundle(number, hie)),
                                                   {"Content-Type": "application/fhir+json"})
            expect(status == 200, f"{hie} refused a bundle with status {status}")
    mesh.wait_healthy()
    return known
