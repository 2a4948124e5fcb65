import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Questions and answers about records") struct RecordMessageTests {
    private let patient = SampleSource.patients[0]
    private let other = SampleSource.patients[1]

    private func read(_ page: RecordPage) throws -> IncomingRecordPage {
        guard case .record(let incoming) = try Asked.readAnswer(Asked.arriving(.record(page))).answer else {
            throw Rejection(.unknownType, "not a page")
        }
        return incoming
    }

    @Test("a question is read as it was asked") func question() throws {
        for subject in Asked.subjects {
            guard case .record = subject else { continue }
            #expect(try Asked.read(Asked.arriving(subject)).subject == subject)
        }
    }

    @Test("a page is read as it was sent, its resources byte by byte") func page() throws {
        let page = Asked.recordPage()
        #expect(try read(page) == IncomingRecordPage(page: page))
    }

    @Test("a resource of somebody else is noticed, whatever it is that names him") func mixed() throws {
        #expect(try read(Asked.recordPage(subject: "q")).isMixed)
        let bodies = [
            #"{"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","#
                + #""value":"\#(other.text)"}]}"#,
            #"{"resourceType":"Patient","id":"q"}"#, #"{"resourceType":"Condition","id":"c"}"#,
            #"{"resourceType":"Condition","id":"c","subject":{"identifier":{"system":"#
                + #""https://fhir.nhs.uk/Id/nhs-number","value":"\#(other.text)"}}}"#,
            #"{"resourceType":"Appointment","id":"a","status":"booked","participant":[{"actor":{"reference":"#
                + #""Patient/q"}}]}"#,
            #"{"resourceType":"Flag","id":"f","subject":{"reference":"Patient/q"}}"#,
        ]
        for body in bodies {
            let resource = RecordResource(key: ResourceKey(type: "X", id: "x")!, body: Array(body.utf8))  // well-formed
            let page = RecordPage(
                patient: patient, number: 0, isLast: true, patientIDs: ["p"], resources: [resource])
            #expect(try read(page).isMixed)
        }
    }

    @Test(
        "members that are missing or wrong are refused, in words that name no patient",
        arguments: [
            #"{"limit":1,"requester":R}"#, #"{"patient":"9990000019","limit":1,"requester":R}"#,
            #"{"patient":9990000018,"limit":1,"requester":R}"#, #"{"patient":"9990000018","requester":R}"#,
            #"{"patient":"9990000018","limit":0,"requester":R}"#, #"{"patient":"9990000018","limit":-1,"requester":R}"#,
            #"{"patient":"9990000018","limit":"1","requester":R}"#, #"{"patient":"9990000018","limit":1}"#,
            #"{"patient":"9990000018","limit":1,"requester":{"person":"A"}}"#,
            #"{"patient":"9990000018","limit":1,"requester":R,"categories":[]}"#,
            #"{"patient":"9990000018","limit":1,"requester":R,"categories":["x"]}"#,
            #"{"patient":"9990000018","limit":1,"requester":R,"categories":"allergy"}"#,
            #"{"patient":"9990000018","limit":1,"requester":R,"since":"yesterday"}"#,
            #"{"patient":"9990000018","limit":1,"requester":R,"since":5}"#, "[]", "7", "",
        ])
    func badQuestions(body: String) {
        let requester = #"{"person":"A","role":"B","organisation":"C","purpose":"D"}"#
        let body = body.replacing("R", with: requester, maxReplacements: 1)
        let delivery = Asked.arriving(Asked.subjects.last!) { $0.body = Array(body.utf8) }  // there are some
        let rejection = #expect(throws: Rejection.self) { try Asked.read(delivery) }
        #expect(rejection?.detail.contains("999") == false)
    }

    @Test("a huge limit is cut to what one answer may have") func hugeLimit() throws {
        let body =
            #"{"patient":"9990000018","limit":9223372036854775807,"requester":"#
            + #"{"person":"A","role":"B","organisation":"C","purpose":"D"}}"#
        let delivery = Asked.arriving(Asked.subjects.last!) { $0.body = Array(body.utf8) }  // there are some
        guard case .record(let request) = try Asked.read(delivery).subject else { throw Rejection(.schema, "") }
        #expect(request.limit == RecordRequest.limitMax)
    }

    @Test(
        "pages with members that are missing or wrong are refused whole",
        arguments: [
            #"{"page":0,"last":true,"patientIds":[],"resources":[]}"#,
            #"{"patient":"9990000018","last":true,"patientIds":[],"resources":[]}"#,
            #"{"patient":"9990000018","page":-1,"last":true,"patientIds":[],"resources":[]}"#,
            #"{"patient":"9990000018","page":9e9,"last":true,"patientIds":[],"resources":[]}"#,
            #"{"patient":"9990000018","page":0,"last":1,"patientIds":[],"resources":[]}"#,
            #"{"patient":"9990000018","page":0,"last":true,"patientIds":[7],"resources":[]}"#,
            #"{"patient":"9990000018","page":0,"last":true,"patientIds":[]}"#,
            #"{"patient":"9990000018","page":0,"last":true,"patientIds":[],"resources":[7]}"#,
            #"{"patient":"9990000018","page":0,"last":true,"patientIds":[],"resources":[{"resourceType":"condition"}]}"#,
        ])
    func badPages(body: String) {
        let delivery = Asked.arriving(.record(Asked.recordPage())) { $0.body = Array(body.utf8) }
        let rejection = #expect(throws: Rejection.self) { try Asked.readAnswer(delivery) }
        #expect(rejection?.detail.contains("999") == false)
    }
}
