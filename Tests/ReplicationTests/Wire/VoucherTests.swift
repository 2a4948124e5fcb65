import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

/// barts is the source; what the broker vouches for carries its `user_id`.
@Suite("Who vouches for the source of a message") struct VoucherTests {
    /// `user_id`, and whether the broker vouches for barts by it.
    private static let users: [(userID: String?, isVouched: Bool)] = [
        ("barts", true), (nil, false), ("homerton", false), ("BARTS", false), ("barts ", false), ("", false),
        ("guest", false),
    ]

    @Test("a broker that knows its publishers vouches for the user whom it has seen; without one nothing is asked")
    func rule() {
        for (userID, isVouched) in Self.users {
            let message = Message(body: [], userID: userID)
            #expect(Voucher.broker.vouches(for: message, from: barts) == isVouched)
            #expect(Voucher.nobody.vouches(for: message, from: barts))
            let refused = Self.cause { () throws(Rejection) in try Voucher.broker.check(message, isFrom: barts) }
            #expect(refused == (isVouched ? nil : .forgedSource))
            #expect(Self.cause { () throws(Rejection) in try Voucher.nobody.check(message, isFrom: barts) } == nil)
        }
    }

    @Test("the refusal names an HIE that lends its account, and no other user of the broker") func words() {
        func detail(_ userID: String?) -> String? {
            do throws(Rejection) {
                try Voucher.broker.check(Message(body: [], userID: userID), isFrom: barts)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            detail("homerton") == "forged-source: property user_id names homerton, who is not barts")
        #expect(detail("Jane Doe")?.contains("Jane") == false)
        #expect(detail(nil) == "forged-source: property user_id is missing: nothing vouches that barts has sent it")
    }

    /// What a reader makes of a message with this `user_id`: nil, or the cause of its refusal.
    private typealias Reading = @Sendable (Voucher, (inout Message) -> Void) -> Rejection.Cause?

    private static func cause<Value>(_ body: () throws(Rejection) -> Value) -> Rejection.Cause? {
        do throws(Rejection) {
            _ = try body()
            return nil
        } catch {
            return error.cause
        }
    }

    private static func change(
        exchange: String = BrokerNames.changesExchange, key: String = "change.barts", _ change: (inout Message) -> Void
    ) -> Delivery {
        var message = BrokerLetter.message()
        change(&message)
        return Delivery(
            message: message, tag: DeliveryTag(number: 1), isRedelivered: false, exchange: exchange, routingKey: key)
    }

    private static func intake(_ voucher: Voucher, _ delivery: Delivery) -> [String] {
        let reader = IntakeReader(seat: Seat(homerton), queue: "q", sources: [barts], voucher: voucher, changesMax: 9)
        return reader.steps(for: [delivery]).compactMap { step in
            switch step {
            case .park(let letters): "park \(letters.map { "\($0.rejection.cause.rawValue) \($0.source as Any)" })"
            case .apply: "apply"
            case .redeem: "redeem"
            case .discard: "discard"
            case .acknowledge: nil
            }
        }
    }

    private static let readings: [(name: String, read: Reading)] = [
        (
            "changes",
            { voucher, alter in
                cause { () throws(Rejection) in try MessageHeader(change(alter), from: [barts], vouchedBy: voucher) }
            }
        ),
        (
            "a pulse",
            { voucher, alter in
                let pulse = Pulse(source: barts, epoch: SampleSource.early, head: 1, digest: 0, intervalMilliseconds: 9)
                var outgoing = pulse.message(sentAt: Asked.sentAt, lifetimeMilliseconds: 9)
                alter(&outgoing.message)
                return PulseReader(queue: "q", sources: [barts], voucher: voucher).read(Asked.delivery(outgoing))
                    .letter?
                    .rejection.cause
            }
        ),
        (
            "a question",
            { voucher, alter in
                let question = Question(
                    asker: barts, run: Asked.run, id: "barts/1", subject: .changes(after: 0, through: nil))
                var outgoing = question.message(to: kingston, sentAt: Asked.sentAt)
                alter(&outgoing.message)
                let delivery = Asked.delivery(outgoing)
                return cause { () throws(Rejection) in
                    try IncomingQuestion(delivery, to: kingston, from: [barts], vouchedBy: voucher)
                }
            }
        ),
        (
            "an answer",
            { voucher, alter in
                let delivery = Asked.arriving(.refusal(reason: "busy"), alter)
                return cause { () throws(Rejection) in
                    try Answer.read(
                        delivery, to: kingston, run: Asked.run, queue: "q", from: [barts], vouchedBy: voucher)
                }
            }
        ),
        (
            "a parked letter",
            { voucher, alter in
                var message = BrokerLetter.message()
                alter(&message)
                let subject = LetterSubject(.message, of: message)
                let reader = LetterReader(
                    sources: [barts, homerton], vouched: voucher == .broker ? [barts] : [])
                return cause { () throws(Rejection) in
                    try reader.read(message, subject, routingKey: "change.barts")
                }
            }
        ),
    ]

    @Test("every reader refuses a source that is not vouched for as forged, and only where the broker vouches")
    func everyReader() {
        for (name, read) in Self.readings {
            for (userID, isVouched) in Self.users {
                let alter = { (message: inout Message) in message.userID = userID }
                #expect(read(.nobody, alter) == nil, "\(name)")
                #expect(read(.broker, alter) == (isVouched ? nil : .forgedSource), "\(name) of \(userID ?? "nobody")")
            }
        }
    }

    @Test("what is wrong besides is told only of a source that is vouched for") func order() {
        for (name, read) in Self.readings where name != "a pulse" {
            let forged = read(.broker) {
                $0.type = "strange"
                $0.userID = "homerton"
            }
            let own = read(.broker) {
                $0.type = "strange"
                $0.userID = "barts"
            }
            #expect(forged == .forgedSource && own == .unknownType, "\(name)")
        }
    }

    @Test("a replay is redeemed where this HIE itself has sent it, and parked where somebody else has")
    func replays() {
        func replay(_ userID: String?, _ exchange: String, mark: String = "homerton/1/2") -> [String] {
            let key = exchange == BrokerNames.replaysExchange ? "homerton" : "change.barts"
            return Self.intake(
                .broker,
                Self.change(exchange: exchange, key: key) { message in
                    message.userID = userID
                    message.headers[HeaderName.replay] = .string(mark)
                })
        }
        #expect(replay("homerton", BrokerNames.replaysExchange) == ["redeem"])
        #expect(replay("homerton", BrokerNames.replaysExchange, mark: "homerton/x") == ["discard"])
        for userID in ["barts", nil] {
            #expect(replay(userID, BrokerNames.replaysExchange) == [#"park ["forged-source nil"]"#])
        }
        // A source that marks its own changes as somebody's replay has sent changes.
        #expect(replay("barts", BrokerNames.changesExchange) == ["apply"])
        #expect(replay("kingston", BrokerNames.changesExchange) == [#"park ["forged-source nil"]"#])
        #expect(replay("kingston", "wherry.replies.kingston.e") == [#"park ["forged-source nil"]"#])
    }

    @Test("a dead letter names its source where that is vouched for, and comes back only to who has sent it")
    func dead() {
        func drained(_ userID: String?, mark: String? = nil) -> DrainReader.Outcome {
            let reader = DrainReader(
                .dead, seat: Seat(homerton), queue: BrokerLetter.deadQueue, sources: [barts],
                subscribers: [barts, homerton],
                voucher: .broker)
            return reader.read(
                BrokerLetter.dead { message in
                    message.userID = userID
                    if let mark { message.headers[HeaderName.replay] = .string(mark) }
                })
        }
        func source(_ outcome: DrainReader.Outcome) -> String {
            guard case .park(let letter) = outcome else { return "not parked" }
            return letter.source?.text ?? "nobody"
        }
        #expect(source(drained("barts")) == "barts")
        #expect(source(drained("kingston")) == "nobody" && source(drained(nil)) == "nobody")
        #expect(source(drained("homerton", mark: "homerton/1/2")) == "not parked")
        #expect(source(drained("barts", mark: "homerton/1/2")) == "barts")
    }

    @Test("a letter keeps who has sent it until it is sent again") func letters() {
        var message = BrokerLetter.message()
        message.userID = "homerton"
        let subject = LetterSubject(.message, of: message)
        message.prepare(subject)
        #expect(message.userID == "homerton")
        #expect(message.marked(ReplayMark(seat: Seat(kingston), plan: 1, letter: 2), subject).userID == nil)
    }
}
