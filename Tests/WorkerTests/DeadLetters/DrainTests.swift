import AMQP
import CareRecord
import Replication
import TestSupport
import Testing
import Worker

/// What RabbitMQ itself gives up, made to do so by a client that is not ours.
@Suite("Draining dead letters from a real broker", .fewAtOnce) struct DrainTests {
    @Test("promise P6: what the broker dead-letters is kept with its cause, origin, bytes and headers, however forged")
    func everyWay() async throws {
        let mesh = try await Mesh()
        let before = try await mesh.putAside("stopped")
        let expected = try await mesh.run(Mesh.barts, Mesh.homerton) { workers in
            let all = before + (try await mesh.putAside("live"))
            let hasCome = try await eventually {
                try await mesh.letters(Mesh.barts).count + mesh.letters(Mesh.homerton).count >= all.count
            }
            #expect(hasCome)
            #expect(await eventually { workers[0].counters.now.replaysReturned == 1 })
            #expect(
                await eventually {
                    workers[0].counters.now.unroutedTransient == [.pulse: 1, .stateRead: 1]
                })
            #expect(workers[0].counters.now.messagesDrained == 6)
            return all
        }
        for hie in [Mesh.barts, Mesh.homerton] {
            let letters = try await mesh.letters(hie)
            let wanted = expected.filter { $0["hie"]?.text == hie.text }
            #expect(Set(letters.map(\.messageID)) == Set(wanted.map { $0["id"]?.text }))
            for letter in letters {
                guard let message = wanted.first(where: { $0["id"]?.text == letter.messageID }) else { continue }
                expect(letter, message)
            }
        }
    }

    private func expect(_ letter: KeptLetter, _ wanted: JSON) {
        let name = Comment(rawValue: letter.messageID ?? "")
        #expect(letter.cause == wanted["cause"]?.text, name)
        #expect(letter.source == wanted["source"]?.text, name)
        #expect(letter.queue == wanted["queue"]?.text, name)
        #expect(letter.exchange == wanted["exchange"]?.text, name)
        #expect(letter.routingKey == wanted["routingKey"]?.text, name)
        #expect(letter.body == wanted["body"]?.text, name)
        #expect(letter.count == 1, name)
        for member in wanted["headers"]?.object?.members ?? [] {
            #expect(letter.properties["headers"]?[member.name] == member.value, name)
        }
    }
}
