extension Submission {
    /// Reads a Bundle of type transaction, batch or collection, or a resource on its own.
    /// It never fails: what cannot be read is a submission that `isRefused` and says why.
    package static func read(_ bytes: [UInt8], limits: FHIRLimits = FHIRLimits()) -> Submission {
        Submission(kind: .single, items: [], issues: [])
    }

    /// Reads the resource of `PUT /fhir/{type}/{id}`: its type must be that of `key`, and its id too if it has one.
    package static func read(
        _ bytes: [UInt8], expecting key: ResourceKey, limits: FHIRLimits = FHIRLimits()
    ) -> Submission {
        Submission(kind: .single, items: [], issues: [])
    }
}

extension Resource {
    /// Reads a stored body again. It does not fail for a body that was made here.
    package init(body: [UInt8], limits: FHIRLimits = FHIRLimits()) throws(OperationOutcome) {
        throw OperationOutcome()
    }
}
