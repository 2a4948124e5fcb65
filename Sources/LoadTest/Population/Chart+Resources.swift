import CareRecord

/// The members of each type, after `resourceType` and `id` (FHIR R4, the page of each type).
extension Chart {
    func writePatient(into writer: inout JSONWriter) {
        writer.array("identifier") { writer in
            writer.object { writer in
                writer.member("system", NHSNumber.system)
                writer.member("value", person.nhsNumber.text)
            }
        }
        writer.array("name") { writer in
            writer.object { writer in
                writer.member("use", "official")
                writer.member("family", person.family)
                writer.array("given") { writer in
                    for name in person.given { writer.element(name) }
                }
            }
        }
        writer.member("gender", person.gender)
        writer.member("birthDate", person.birth.text)
        writer.member("deceasedDateTime", person.death?.text)
        writer.array("address") { writer in
            writer.object { writer in
                writer.member("use", "home")
                writer.member("city", "London")
                writer.member("postalCode", person.postalCode)
            }
        }
    }

    mutating func writeAllergy(into writer: inout JSONWriter) {
        let status = random.pick(["active", "active", "active", "inactive", "resolved"])
        let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
        writer.concept("clinicalStatus", Concept(status, status.capitalizedASCII), system: system)
        writer.concept("code", random.pick(Concept.allergies), system: Concept.snomed)
        writer.reference("patient", patientReference)
        writer.member("recordedDate", date())
    }

    mutating func writeCondition(into writer: inout JSONWriter) {
        let status = random.pick(["active", "active", "active", "remission", "resolved"])
        let system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        writer.concept("clinicalStatus", Concept(status, status.capitalizedASCII), system: system)
        let concepts = isAdult ? Concept.conditions : Concept.childhoodConditions
        writer.concept("code", random.pick(concepts), system: Concept.snomed)
        writer.reference("subject", patientReference)
        writer.member("onsetDateTime", date())
    }

    mutating func writeMedicationRequest(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["active", "active", "completed", "stopped", "on-hold"]))
        writer.member("intent", "order")
        writeMedication(into: &writer)
        writer.member("authoredOn", time())
    }

    mutating func writeMedicationStatement(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["active", "completed", "stopped"]))
        writeMedication(into: &writer)
        writer.member("effectiveDateTime", date())
    }

    mutating func writeMedicationDispense(into writer: inout JSONWriter) {
        writer.member("status", "completed")
        writeMedication(into: &writer)
        writer.member("whenHandedOver", time())
    }

    private mutating func writeMedication(into writer: inout JSONWriter) {
        writer.concept("medicationCodeableConcept", random.pick(Concept.medications), system: Concept.snomed)
        writer.reference("subject", patientReference)
    }

    mutating func writeEncounter(into writer: inout JSONWriter) {
        let concept = random.pick(Concept.encounters)
        let isEmergency = concept.code == "50849002"
        writer.member("status", random.pick(["finished", "finished", "finished", "cancelled"]))
        writer.object("class") { writer in
            let type = isEmergency ? Concept("EMER", "emergency") : Concept("AMB", "ambulatory")
            writer.coding(type, system: "http://terminology.hl7.org/CodeSystem/v3-ActCode")
        }
        writer.concepts("type", concept, system: Concept.snomed)
        writer.reference("subject", patientReference)
        writer.period(from: time())
    }

    mutating func writeProcedure(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["completed", "completed", "stopped", "not-done"]))
        writer.concept("code", random.pick(Concept.procedures), system: Concept.snomed)
        writer.reference("subject", patientReference)
        writer.member("performedDateTime", date())
    }

    mutating func writeImmunization(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["completed", "completed", "completed", "not-done"]))
        writer.concept("vaccineCode", random.pick(Concept.vaccines), system: Concept.snomed)
        writer.reference("patient", patientReference)
        writer.member("occurrenceDateTime", date())
    }

    mutating func writeReferral(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["active", "active", "completed", "revoked"]))
        writer.member("intent", "order")
        writer.concept("code", random.pick(Concept.referrals), system: Concept.snomed)
        writer.reference("subject", patientReference)
        writer.member("authoredOn", date())
    }

    mutating func writeAppointment(into writer: inout JSONWriter) {
        let isAhead = person.death == nil && random.chance(percent: 30)
        let status = isAhead ? "booked" : random.pick(["fulfilled", "fulfilled", "cancelled", "noshow"])
        writer.member("status", status)
        writer.concepts("serviceType", random.pick(Concept.specialties), system: Concept.snomed)
        let day = isAhead ? dayAhead() : day()
        let minute = 480 + 15 * random.below(36)
        writer.member("start", mark?.text ?? day.time(minute: minute))
        writer.member("end", mark?.adding(seconds: 900).text ?? day.time(minute: minute + 15))
        writer.array("participant") { writer in
            writer.object { writer in
                writer.reference("actor", patientReference)
                writer.member("status", "accepted")
            }
        }
    }

    mutating func writePlan(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["active", "active", "completed", "revoked"]))
        writer.member("intent", "plan")
        writer.concepts("category", random.pick(Concept.plans), system: Concept.snomed)
        writer.reference("subject", patientReference)
        writer.period(from: date())
    }
}

// MARK: - Findings

extension Chart {
    mutating func writeObservation(into writer: inout JSONWriter) {
        let measurement = random.pick(Measurement.all)
        writer.member("status", random.pick(["final", "final", "final", "amended", "preliminary"]))
        writer.concept("code", measurement.concept, system: Concept.loinc)
        writer.reference("subject", patientReference)
        writer.member("effectiveDateTime", time())
        let tenths = random.within(measurement.tenths)
        writer.object("valueQuantity") { writer in
            writer.member("value", JSON.number("\(tenths / 10).\(tenths % 10)"))
            writer.member("unit", measurement.unit)
            writer.member("system", "http://unitsofmeasure.org")
            writer.member("code", measurement.unit)
        }
    }

    mutating func writeReport(into writer: inout JSONWriter) {
        writer.member("status", random.pick(["final", "final", "final", "partial", "corrected"]))
        writer.concept("code", random.pick(Concept.reports), system: Concept.loinc)
        writer.reference("subject", patientReference)
        let time = time()
        writer.member("effectiveDateTime", time)
        writer.member("issued", time)
    }

    mutating func writeDocument(into writer: inout JSONWriter) {
        let concept = random.pick(Concept.documents)
        writer.member("status", random.pick(["current", "current", "current", "superseded"]))
        writer.concept("type", concept, system: Concept.loinc)
        writer.reference("subject", patientReference)
        writer.member("date", time())
        writer.array("content") { writer in
            writer.object { writer in
                writer.object("attachment") { writer in
                    writer.member("contentType", "application/pdf")
                    writer.member("title", concept.display)
                }
            }
        }
    }

    mutating func writeImaging(into writer: inout JSONWriter) {
        let imaging = random.pick(Imaging.all)
        writer.member("status", random.pick(["available", "available", "registered"]))
        writer.array("modality") { writer in
            writer.object { $0.coding(imaging.modality, system: "http://dicom.nema.org/resources/ontology/DCM") }
        }
        writer.reference("subject", patientReference)
        writer.member("started", time())
        writer.concepts("procedureCode", imaging.procedure, system: Concept.snomed)
    }
}

extension String {
    /// With its first letter a capital: the display of the codes that are words.
    fileprivate var capitalizedASCII: String { prefix(1).uppercased() + dropFirst() }
}
