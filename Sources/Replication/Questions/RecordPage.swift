package import CareRecord

/// One resource of an answer, as its HIE stores it.
package struct RecordResource: Sendable, Hashable {
    package let key: ResourceKey
    /// Compact JSON.
    package let body: [UInt8]

    package init(key: ResourceKey, body: [UInt8]) {
        self.key = key
        self.body = body
    }
}

/// A stretch of a record on its way to whoever asked for it. Pages are numbered from 0; the last one says so.
package struct RecordPage: Sendable, Hashable {
    package let patient: NHSNumber
    package let number: Int
    package let isLast: Bool
    /// The ids of the HIE's Patient resources that have this NHS number: a resource that names another one is not the
    /// patient's.
    package let patientIDs: [String]
    package let resources: [RecordResource]
    /// Resources of this stretch that are too large to be sent.
    package let omitted: Int
    /// Whether there are more than were asked for; the last page says it.
    package let hasMore: Bool

    package init(
        patient: NHSNumber, number: Int, isLast: Bool, patientIDs: [String], resources: [RecordResource],
        omitted: Int = 0, hasMore: Bool = false
    ) {
        self.patient = patient
        self.number = number
        self.isLast = isLast
        self.patientIDs = patientIDs
        self.resources = resources
        self.omitted = omitted
        self.hasMore = hasMore
    }

    /// The bytes of its resources.
    package var byteCount: Int { resources.reduce(0) { $0 + $1.body.count } }
}

/// A page as it was received: what in it is another patient's is known before anybody sees it.
package struct IncomingRecordPage: Sendable, Hashable {
    package let page: RecordPage
    /// Whether a resource of the page names another patient than the page does.
    package let isMixed: Bool

    package init(page: RecordPage, isMixed: Bool = false) {
        self.page = page
        self.isMixed = isMixed
    }
}

extension RecordPage {
    var body: [UInt8] {
        var writer = JSONWriter(capacity: byteCount + 256)
        writer.object { json in
            json.member("patient", patient.text)
            json.member("page", number)
            json.member("last", isLast)
            json.array("patientIds") { json in
                for id in patientIDs { json.element(id) }
            }
            if omitted > 0 { json.member("omitted", omitted) }
            if hasMore { json.member("more", true) }
            json.array("resources") { json in
                for resource in resources { json.element(raw: resource.body) }
            }
        }
        return writer.bytes
    }
}

extension IncomingRecordPage {
    init(body: [UInt8]) throws(Rejection) {
        let json: JSON
        do {
            // A resource stands two levels deep in its page.
            json = try JSON.parse(body, limits: JSONLimits(depthMax: FHIRLimits().depthMax + 2))
        } catch {
            throw Rejection(.undecodable, "a page of a record that is not JSON: \(error)")
        }
        guard let patient = json["patient"]?.text.flatMap({ NHSNumber($0) }) else {
            throw Rejection(.nhsNumberInvalid, "member patient of a page must be a valid NHS number")
        }
        guard let number = json["page"]?.integer, (0...Int64(Int32.max)).contains(number),
            let isLast = json["last"]?.bool, let elements = json["resources"]?.elements,
            let ids = json["patientIds"]?.elements?.map({ $0.text ?? "" }), ids.allSatisfy({ ResourceKey.isID($0) })
        else {
            throw Rejection(.schema, "a page must have page, last, patientIds and resources")
        }
        var isMixed = false
        var resources: [RecordResource] = []
        resources.reserveCapacity(elements.count)
        for element in elements {
            guard case .object(let members) = element, let resource = Resource(stored: members) else {
                throw Rejection(.schema, "an element of resources is no resource that could be stored")
            }
            if !resource.belongs(to: patient, ids: ids) { isMixed = true }
            resources.append(RecordResource(key: resource.key, body: resource.body))
        }
        self.init(
            page: RecordPage(
                patient: patient, number: Int(number), isLast: isLast, patientIDs: ids, resources: resources,
                omitted: Int(clamping: max(0, json["omitted"]?.integer ?? 0)), hasMore: json["more"]?.bool ?? false),
            isMixed: isMixed)
    }
}

extension Resource {
    /// Whether it names this patient, by number or as one of these Patient resources.
    fileprivate func belongs(to number: NHSNumber, ids: [String]) -> Bool {
        if let nhsNumber, nhsNumber != number { return false }
        return switch patient {
        case .none: false
        case .patient(let id): ids.contains(id)
        case .identified(let named): named == number
        }
    }
}
