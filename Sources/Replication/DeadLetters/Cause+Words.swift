/// What an operator reads of each cause. `Docs/runbook.md` has a section for each.
extension Rejection.Cause {
    /// What happened, in a sentence.
    package var sentence: String {
        switch self {
        case .undecodable: "The bytes are not what the content type says."
        case .unknownType: "Its type is none that this version of Wherry knows."
        case .schema: "A member or a header is missing or has the wrong form."
        case .forgedSource: "It names a source that may not speak here, or two different ones."
        case .headerRefused: "It has a header (CC or BCC) that goes round the broker's permissions."
        case .epochUnknown: "The epoch of its journal is missing, malformed, or not known here."
        case .nhsNumberInvalid: "The NHS number fails its modulus 11 check."
        case .applicationFailed: "Reading or applying it failed several times in a row."
        case .deliveryLimit: "The broker delivered it too often without an acknowledgement."
        case .expired: "Its time to live ended before it was taken from its queue."
        case .lengthLimit: "Its queue was full, and the broker dropped it."
        case .rejected: "A consumer rejected it, or it was sent to the dead letters directly."
        case .unrouted: "No queue was bound to take it."
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .undecodable: "See what the source sent (show); edit and replay it, or have the source send it again."
        case .unknownType: "Update this worker if the source is newer, then replay; discard what is nobody's message."
        case .schema: "Tell the source which member is wrong; edit and replay, or wait for its next version."
        case .forgedSource: "Find out who published it (broker log); discard it unless the topology was behind."
        case .headerRefused: "Find out who published it; without the header it can be edited and replayed."
        case .epochUnknown: "Let the source be read again (it is, by itself); then discard it, or edit the epoch."
        case .nhsNumberInvalid: "Have the source correct the patient's number: its next version resolves this."
        case .applicationFailed: "Look into the log for the reason, remove it, then replay."
        case .deliveryLimit: "Find out why the worker did not finish it (log, memory, disk), then replay."
        case .expired: "Nothing, if the source is complete again: repair asks it. Else replay."
        case .lengthLimit: "Nothing, if the source is complete again: repair asks it. Else replay."
        case .rejected: "Find out which consumer rejected it, then replay."
        case .unrouted: "Run wherry topology apply, then replay to everybody; repair fills the indexes meanwhile."
        }
    }
}
