import CareRecord
import Foundation
import TestSupport
import Testing

@testable import LoadTest

@Suite("Small parts of a run")
struct SmallPartsTests {
    @Test("a file of the source tree is found from any directory within it, the first place first")
    func nearby() throws {
        let directory = try TemporaryDirectory()
        let deep = directory.file("a/b/c")
        try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: directory.file("a/Scripts"), withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: directory.file("a/Scripts/broker")))
        #expect(NearbyFile.path(of: "Scripts/broker", from: [deep]) == directory.file("a/Scripts/broker"))
        #expect(
            NearbyFile.path(of: "Scripts/broker", from: ["/proc", deep]) == directory.file("a/Scripts/broker"))
        #expect(NearbyFile.path(of: "Scripts/broker", from: ["/proc", directory.path]) == nil)
        #expect(NearbyFile.path(of: "Scripts/nothing", from: [deep]) == nil)
    }

    @Test("a worker's URL is a host and a port over plain HTTP")
    func targets() throws {
        let barts = try #require(HIEIdentifier("barts"))
        let target = try #require(LoadTarget(hie: barts, url: "http://127.0.0.1:8080"))
        #expect(target.host == "127.0.0.1" && target.port == 8080)
        #expect(LoadTarget(hie: barts, url: "http://barts.example")?.port == 80)
        #expect(LoadTarget(hie: barts, url: "https://127.0.0.1:8080") == nil)
        #expect(LoadTarget(hie: barts, url: "nonsense") == nil)
    }

    @Test("a bulk load's rate counts from when some subscriber had nothing yet")
    func drain() throws {
        let barts = try #require(HIEIdentifier("barts"))
        let drain = BulkDrain(head: 1000, source: barts)
        let start = ContinuousClock.now
        drain.note(0, at: start)
        drain.note(0, at: start + .seconds(5))
        #expect(drain.rate == 0 && drain.seconds == 0 && drain.secondsLeft == 0)
        drain.note(600, at: start + .seconds(11))
        #expect(drain.rate == 100 && drain.secondsLeft == 4 && !drain.isOver)
        drain.note(1000, at: start + .seconds(13))
        #expect(drain.isOver && drain.seconds == 8 && drain.rate == 125)
    }
}
