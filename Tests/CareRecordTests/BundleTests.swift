import CareRecord
import Testing

@Suite("Bundles")
struct BundleTests {
    @Test("an empty bundle is fine", arguments: ["transaction", "batch", "collection"] as [JSON])
    func empty(type: JSON) {
        for json in [bundle(type, []), ["resourceType": "Bundle", "type": type]] as [JSON] {
            let submission = read(json)
            #expect(!submission.isRefused && submission.items.isEmpty && submission.outcome.issues.isEmpty)
            #expect(submission.kind.rawValue == type.text)
        }
    }

    @Test(
        "what is no bundle to store is refused as a whole",
        arguments: [
            (bundle("searchset", []), "error not-supported Bundle.type"),
            (bundle("document", []), "error not-supported Bundle.type"),
            (bundle("history", []), "error not-supported Bundle.type"),
            (bundle(5, []), "error structure Bundle.type"),
            (["resourceType": "Bundle"], "error required Bundle.type"),
            (["resourceType": "Bundle", "type": "batch", "entry": [:]], "error structure Bundle.entry"),
            ([:], "error required Resource.resourceType"), ([], "fatal structure "), ("x", "fatal structure "),
            (["resourceType": 5], "error structure Resource.resourceType"),
            (["resourceType": "no type"], "error structure Resource.resourceType"),
        ] as [(JSON, String)])
    func refused(json: JSON, finding: String) {
        let submission = read(json)
        #expect(submission.isRefused)
        #expect(submission.operations.isEmpty)
        #expect(submission.findings == [finding])
    }

    @Test("broken JSON is a fatal issue with line and column")
    func broken() {
        let submission = Submission.read(Array("{\n  \"resourceType\" \"Bundle\"}".utf8))
        #expect(submission.isRefused)
        #expect(submission.issues.map(\.severity) == [.fatal])
        #expect(submission.outcome.description.contains("line 2, column 18"))
    }

    @Test("more entries than the limit are refused before they are read")
    func entryLimit() {
        var limits = FHIRLimits()
        limits.entriesMax = 2
        let two = bundle("collection", [entry(patient(id: "a")), entry(patient(id: "b"))])
        #expect(!read(two, limits: limits).isRefused)
        let three = bundle("collection", [.null, .null, .null])
        #expect(read(three, limits: limits).findings == ["error too-costly Bundle.entry"])
    }

    @Test("a bundle nested deeper than the limit is refused")
    func depthLimit() {
        var limits = FHIRLimits()
        limits.depthMax = 5
        let json = bundle("collection", [entry(resource("Basic", [("a", [[1]])]))])
        #expect(read(json, limits: limits).findings == ["fatal structure "])
        limits.depthMax = 6
        #expect(!read(json, limits: limits).isRefused)
    }

    @Test("the requests of a transaction become operations in their order")
    func operations() throws {
        let submission = read(
            bundle(
                "transaction",
                [
                    entry(patient(), fullUrl: "urn:uuid:1", "POST", "Patient"),
                    entry(resource(), "PUT", "Condition/c1"), entry(nil, "DELETE", "Condition/c2"),
                ]))
        #expect(!submission.isRefused && submission.outcome.issues.isEmpty)
        #expect(submission.operations.map(\.key.reference) == ["Patient/p1", "Condition/c1", "Condition/c2"])
        #expect(submission.items.map(\.method) == [.post, .put, .delete])
        #expect(submission.items.map(\.index) == [0, 1, 2])
        #expect(submission.items.map(\.fullUrl) == ["urn:uuid:1", nil, nil])
        #expect(try submission.items[2].result.get() == .delete(try #require(ResourceKey(reference: "Condition/c2"))))
    }

    /// Each breaks one rule of an entry.
    static let badEntries: [(JSON, String)] = [
        (.null, "error structure Bundle.entry[0]"),
        (entry(resource()), "error required Bundle.entry[0].request"),
        (["request": 1, "resource": resource()], "error structure Bundle.entry[0].request"),
        (["request": ["url": "Condition"], "resource": resource()], "error required Bundle.entry[0].request.method"),
        (entry(resource(), "POST"), "error required Bundle.entry[0].request.url"),
        (entry(resource(), "GET", "Condition/c1"), "error not-supported Bundle.entry[0].request.method"),
        (entry(resource(), "PATCH", "Condition/c1"), "error not-supported Bundle.entry[0].request.method"),
        (entry(resource(), "HEAD", "Condition/c1"), "error not-supported Bundle.entry[0].request.method"),
        (entry(resource(), "PUT", "Condition?code=1"), "error not-supported Bundle.entry[0].request.url"),
        (entry(nil, "DELETE", "Condition?code=1"), "error not-supported Bundle.entry[0].request.url"),
        (entry(nil, "DELETE", "Condition"), "error value Bundle.entry[0].request.url"),
        (entry(resource(), "PUT", "Condition"), "error value Bundle.entry[0].request.url"),
        (entry(resource(), "POST", "Condition/c1"), "error value Bundle.entry[0].request.url"),
        (entry(resource(), "PUT", "Condition/other"), "error invalid Bundle.entry[0].resource.id"),
        (entry(resource(), "PUT", "Observation/c1"), "error invalid Bundle.entry[0].resource.resourceType"),
        (entry(resource(), "POST", "Observation"), "error invalid Bundle.entry[0].resource.resourceType"),
        (entry(nil, "POST", "Condition"), "error required Bundle.entry[0].resource"),
        (entry(.null, "POST", "Condition"), "error structure Bundle.entry[0].resource"),
        (entry(resource(id: "a b"), "POST", "Condition"), "error value Bundle.entry[0].resource.id"),
        (entry(resource(id: ""), "POST", "Condition"), "error value Bundle.entry[0].resource.id"),
        (
            entry(resource(id: nil, [("id", 5)]), "POST", "Condition"),
            "error structure Bundle.entry[0].resource.id"
        ),
        (
            ["fullUrl": 5, "resource": resource(), "request": ["method": "POST", "url": "Condition"]],
            "error structure Bundle.entry[0].fullUrl"
        ),
        (
            [
                "resource": resource(),
                "request": ["method": "PUT", "url": "Condition/c1", "ifMatch": "W/\"1\""],
            ], "error not-supported Bundle.entry[0].request.ifMatch"
        ),
    ]

    @Test("one bad entry refuses a transaction", arguments: badEntries)
    func transactionIsAllOrNothing(bad: JSON, finding: String) {
        let submission = read(bundle("transaction", [bad, entry(patient(), "POST", "Patient")]))
        #expect(submission.isRefused)
        #expect(submission.findings == [finding])
    }

    @Test("one bad entry of a batch fails alone", arguments: badEntries)
    func batchIsEntryByEntry(bad: JSON, finding: String) {
        let submission = read(bundle("batch", [bad, entry(patient(), "POST", "Patient")]))
        #expect(!submission.isRefused)
        #expect(submission.findings == [finding])
        #expect(submission.operations.map(\.key.reference) == ["Patient/p1"])
    }

    @Test("a condition that the resource does not exist yet is passed over with a warning")
    func ifNoneExist() {
        let json: JSON = [
            "resource": patient(), "request": ["method": "POST", "url": "Patient", "ifNoneExist": "identifier=1"],
        ]
        let submission = read(bundle("transaction", [json]))
        #expect(!submission.isRefused)
        #expect(submission.findings == ["warning not-supported Bundle.entry[0].request.ifNoneExist"])
    }

    @Test("the same resource twice is refused, and in a batch the second")
    func duplicates() {
        let entries = [
            entry(resource(), "PUT", "Condition/c1"), entry(patient(), "PUT", "Patient/p1"),
            entry(nil, "DELETE", "Condition/c1"),
        ]
        for type in ["transaction", "batch"] {
            let submission = read(bundle(.string(type), entries))
            #expect(submission.isRefused == (type == "transaction"))
            #expect(submission.findings == ["error duplicate Bundle.entry[2]"])
            #expect(submission.outcome.description.contains("Condition/c1 is in entries 0 and 2"))
            #expect(submission.operations.map(\.key.reference) == ["Condition/c1", "Patient/p1"])
        }
    }

    @Test("the same fullUrl twice is refused, since a reference to it could mean either")
    func duplicateFullUrl() {
        let submission = read(
            bundle(
                "collection", [entry(patient(id: "a"), fullUrl: "urn:x"), entry(patient(id: "b"), fullUrl: "urn:x")]))
        #expect(submission.findings == ["error duplicate Bundle.entry[1]"])
    }

    @Test("types that nobody knows are taken, and kept word for word")
    func unknownTypes() throws {
        let json = resource("Wibble", subject: "of mine", [("odd", ["x", .null])])
        let resource = try accepted(json)
        #expect(resource.facts == nil && resource.patient == .none)
        #expect(resource.body == json.serialized())
        #expect(read(json).outcome.issues.isEmpty)
    }

    @Test("a put by address must be of its type and id, and takes the id from it")
    func expected() throws {
        let key = try #require(ResourceKey(reference: "Condition/c1"))
        for id in ["c1", nil] {
            let submission = Submission.read(resource(id: id).serialized(), expecting: key)
            #expect(submission.operations.map(\.key) == [key])
            #expect(try JSON.parse(try #require(submission.resources.first).body)["id"] == "c1")
        }
        let other = Submission.read(resource(id: "c2").serialized(), expecting: key)
        #expect(other.isRefused && other.findings == ["error invalid Condition.id"])
        let patient = Submission.read(patient(id: "c1").serialized(), expecting: key)
        #expect(patient.isRefused && patient.findings == ["error invalid Patient.resourceType"])
    }
}
