import CareRecord
import Foundation
import Gateway
import Logging
import ServiceLifecycle
import TestSupport
import Testing
import Topology
import Worker

@Suite("A worker behind a balancer that stops") struct FarewellTests {
    @Test("says so at readyz while it still answers lookups, and only then closes its port") func leaving() async throws
    {
        try await RunningGateway.with(drainMilliseconds: 3000) { gateway async throws in
            #expect(try await gateway.ask(.get, "/readyz").status == 200)
            await gateway.stop()
            let answer = try await gateway.eventually("/readyz") { $0.status == 503 }
            #expect(answer.status == 503 && answer.json["status"]?.text == "stopping")
            #expect(answer.text.contains("it was told to stop"))
            #expect(try await gateway.ask(.get, "/api/patients/\(Samples.number)").status == 200)
            #expect(try await gateway.ask(.get, "/livez").status == 200)
            let hasClosed = await TestSupport.eventually(within: 60) {
                (try? await gateway.ask(.get, "/livez")) == nil
            }
            #expect(hasClosed)
        }
    }
}
