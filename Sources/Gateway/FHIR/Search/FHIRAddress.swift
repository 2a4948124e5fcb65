import HTTPTypes
import Hummingbird

/// The base of this worker's FHIR addresses, as its client sees it.
struct FHIRAddress: Sendable {
    private static let authorityBytesMax = 255

    /// Such as `http://127.0.0.1:8080/fhir`; `/fhir` where the client named no host.
    let text: String

    /// From `Host`, and from `X-Forwarded-Proto` of a gateway before this one that speaks TLS.
    init(_ request: Request) {
        guard let authority = request.head.authority, Self.isAuthority(authority) else {
            text = "/fhir"
            return
        }
        let forwarded = HTTPField.Name("X-Forwarded-Proto").flatMap { request.headers[$0] }
        text = "\(forwarded == "https" ? "https" : "http")://\(authority)/fhir"
    }

    func url(_ path: String) -> String { "\(text)/\(path)" }

    private static func isAuthority(_ text: String) -> Bool {
        let isAllowed = text.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber || ".-:[]_".contains(character))
        }
        return isAllowed && (1...authorityBytesMax).contains(text.utf8.count)
    }
}
