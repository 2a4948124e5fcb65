import Replication
import Testing

@Suite("The pace of a replay") struct ReplayPaceTests {
    @Test("the canary goes alone until all of it went well") func canary() {
        var pace = ReplayPace(canary: 3, ratePerSecond: nil, stopOnFailures: nil, now: 0)
        #expect(pace.allowance(at: 0) == 3)
        pace.noteSent(3)
        #expect(pace.allowance(at: 0) == 0)
        pace.noteSettled(2, failed: 0)
        #expect(pace.allowance(at: 0) == 0 && !pace.isCanaryOver)
        pace.noteSettled(1, failed: 0)
        #expect(pace.allowance(at: 0) == 16 && pace.isCanaryOver)
    }

    @Test("a canary of which one fails stops the replay") func canaryFails() {
        var pace = ReplayPace(canary: 3, ratePerSecond: nil, stopOnFailures: nil, now: 0)
        pace.noteSent(3)
        pace.noteSettled(3, failed: 1)
        #expect(pace.stop == "1 of the first 3 failed again")
        #expect(pace.allowance(at: 1) == 0)
    }

    @Test("failures after the canary stop it at the number that was asked for, and never without one") func failures() {
        var pace = ReplayPace(canary: 0, ratePerSecond: nil, stopOnFailures: 2, now: 0)
        pace.noteSent(10)
        pace.noteSettled(5, failed: 1)
        #expect(pace.stop == nil)
        pace.noteSettled(5, failed: 1)
        #expect(pace.stop != nil)
        var patient = ReplayPace(canary: 0, ratePerSecond: nil, stopOnFailures: nil, now: 0)
        patient.noteSent(10)
        patient.noteSettled(10, failed: 10)
        #expect(patient.stop == nil)
    }

    @Test("the window doubles with what goes well, up to its limit") func window() {
        var pace = ReplayPace(canary: 0, ratePerSecond: nil, stopOnFailures: nil, now: 0)
        var windows: [Int] = []
        for _ in 1...9 {
            windows.append(pace.window)
            let room = pace.allowance(at: 0)
            #expect(room == pace.window)
            pace.noteSent(room)
            pace.noteSettled(room, failed: 0)
        }
        #expect(windows == [16, 32, 64, 128, 256, 512, 1024, 2048, 2048])
    }

    @Test("a window in which something failed does not grow") func noGrowth() {
        var pace = ReplayPace(canary: 0, ratePerSecond: nil, stopOnFailures: nil, now: 0)
        pace.noteSent(16)
        pace.noteSettled(16, failed: 1)
        #expect(pace.window == 16)
    }

    @Test("no more leaves than the rate allows, evenly", arguments: [1.0, 200, 5000])
    func rate(perSecond: Double) {
        var pace = ReplayPace(canary: 0, ratePerSecond: perSecond, stopOnFailures: nil, now: 0)
        var sent = 0
        var most = 0
        for now in stride(from: Int64(0), through: 10_000, by: 20) {
            let room = pace.allowance(at: now)
            pace.noteSent(room)
            pace.noteSettled(room, failed: 0)
            sent += room
            most = max(most, room)
        }
        #expect(abs(Double(sent) - perSecond * 10) <= max(1, perSecond / 10))
        #expect(Double(most) <= max(1, perSecond * 0.05))
    }

    @Test("what was on its way is sent again, and a clock that stands still gives nothing") func takenBack() {
        var pace = ReplayPace(canary: 0, ratePerSecond: 1000, stopOnFailures: nil, now: 0)
        #expect(pace.allowance(at: 0) == 1)
        pace.noteSent(1)
        #expect(pace.allowance(at: 0) == 0)
        #expect(pace.inFlight == 1)
        pace.takeBack()
        #expect(pace.inFlight == 0)
        #expect(pace.allowance(at: 5) == 5)
    }
}
