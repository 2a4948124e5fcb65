import AMQP
import CareRecord
import Replication

/// The side of the one who is asked.
extension World {
    private static let pageLimits = PageLimits(changesMax: 6, bytesMax: 10_000)

    func receive(question delivery: Delivery, at node: Int) {
        do throws(Rejection) {
            let askers = Set(nodes.filter { $0.isConnected && $0.number != node }.map(\.hie))
            let question = try Question(delivery, to: names[node], from: askers)
            let asked = Process.Asked(question: question, receivedAt: now)
            let until = question.lifetimeMilliseconds.map { Timestamp(milliseconds: clock(node).milliseconds + $0) }
            guard nodes[node].process?.answers.add(asked, from: question.asker, until: until) == .waits else { return }
            wakeAnswers(node)
        } catch {
            fail(Broken(.p6, "a question cannot be read: \(error)", subscriber: node))
        }
    }

    private func wakeAnswers(_ node: Int) {
        guard let life = nodes[node].process?.life else { return }
        add(.answer(node: node, life: life), after: soon(0...3))
    }

    func answerNext(_ node: Int) throws {
        let moment = clock(node)
        guard let next = nodes[node].process?.answers.next(at: moment),
            let life = nodes[node].process?.life
        else { return }
        let reply = try answer(to: next.item.question.subject, node)
        let outgoing = reply.message(from: names[node], to: next.item.question.address, sentAt: clock(node))
        let wait = nodes[node].isSlow ? Self.answerTimeout + soon(0...3000) : soon(0...5)
        add(.reply(node: node, life: life, asker: next.asker, outgoing), after: wait)
    }

    func reply(_ outgoing: Outgoing, to asker: HIEIdentifier, from node: Int) {
        publish(outgoing, from: node, to: nodes[node].home)
        nodes[node].process?.answers.done(asker)
        wakeAnswers(node)
    }

    /// The own index asks the own journal without a broker, in the same words.
    func answerLocally(_ subject: Question.Subject, _ id: String, _ node: Int) throws {
        guard let process = nodes[node].process, let (source, number) = process.questions[id] else { return }
        nodes[node].process?.questions[id] = nil
        let question = Question(asker: names[node], run: process.run, id: id, subject: subject)
        let outgoing = try answer(to: subject, node).message(
            from: names[node], to: question.address, sentAt: clock(node))
        let delivery = SimulatedMessage(outgoing, sentAt: now).delivery(number: 1, isRedelivered: false)
        let read = try Answer.read(
            delivery, to: names[node], run: process.run, queue: "own", from: [names[node]])
        handle(.answered(question: number, read.answer), node, source)
    }

    private func answer(to subject: Question.Subject, _ node: Int) throws -> Reply {
        let records = nodes[node].records
        switch subject {
        case .changes(let after, let through):
            return .page(
                records.page(JournalStretch(after: after, through: through), limits: Self.pageLimits), of: subject)
        case .buckets(let buckets, let after):
            return .page(
                records.page(JournalStretch(after: after, buckets: buckets), limits: Self.pageLimits), of: subject)
        case .state(let witness):
            try beginEpoch(node, after: witness)
            return .state(nodes[node].records.state)
        case .record: return .refusal(reason: "simulated records have no resources")
        }
    }
}
