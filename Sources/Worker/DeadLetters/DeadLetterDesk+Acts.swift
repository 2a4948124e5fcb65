import AMQP
import CareRecord
import Replication
package import Storage

/// What changes letters.
extension DeadLetterDesk {
    /// Bytes that an edit may give a letter.
    package static let bodyBytesMax = 16 << 20

    package func edit(_ id: Int64, _ edit: LetterEdit, by: String, reason: String) async throws -> EditOutcome {
        let letter = try await letter(id)
        guard letter.row.state == .parked else {
            throw DeadLetterRefusal(
                .conflict, "dead letter \(id) is \(letter.row.state.rawValue): only one that is parked can be edited")
        }
        guard edit.body?.count ?? 0 <= Self.bodyBytesMax else {
            throw DeadLetterRefusal(.invalid, "a body has at most \(Self.bodyBytesMax >> 20) MiB")
        }
        let routingKey = edit.routingKey ?? letter.row.origin.routingKey
        let message = edit.applied(to: letter.message)
        let diff = LetterDiff.lines(
            from: (letter.message, letter.row.origin.routingKey), to: (message, routingKey))
        guard !diff.isEmpty else { throw DeadLetterRefusal(.invalid, "the edit changes nothing") }
        let subject = LetterSubject(letter.row.subject.form, of: message)
        if let number = LetterSubject(letter.row.subject.form, of: letter.original ?? letter.message).change(
            in: subject)
        {
            throw DeadLetterRefusal(
                .invalid,
                "\(number) cannot be edited: it is the source's, and a made-up one stands in the way of its next")
        }
        var rejection = Rejection(letter.row.cause, letter.row.detail)
        var source: HIEIdentifier?
        do throws(Rejection) {
            source = try replays.reader.read(message, subject, routingKey: routingKey).source
        } catch {
            rejection = error
        }
        let event = LetterEvent(
            at: clock.now, by: by, act: "edited",
            detail: ([reason] + diff.filter { !$0.hasPrefix(" ") }).joined(
                separator: "\n"))
        let isStored = try await store.edit(
            letter, to: message, subject, routingKey: routingKey, source: source, rejection: rejection, event)
        guard isStored else {
            throw DeadLetterRefusal(.conflict, "dead letter \(id) changed meanwhile: look at it again (show \(id))")
        }
        let edited = try await self.letter(id)
        heldBoard.remove([LetterNote(letter.row)])
        heldBoard.add([LetterNote(edited.row)])
        return EditOutcome(letter: edited, diff: diff, foreseen: try await foresee(edited).0)
    }

    /// Discards what the filter finds, if that is so many. Returns how many.
    package func discard(
        _ filter: LetterFilter, expecting count: Int, by: String, reason: String
    ) async throws -> Int {
        let event = LetterEvent(at: clock.now, by: by, act: "discarded", detail: reason)
        let notes = try Self.done(try await store.discard(filter, expecting: count, event), expected: count)
        heldBoard.remove(notes)
        return notes.count
    }

    /// Parks again what was discarded.
    package func restore(
        _ filter: LetterFilter, expecting count: Int, by: String, reason: String
    ) async throws -> Int {
        let event = LetterEvent(at: clock.now, by: by, act: "restored", detail: reason)
        let notes = try Self.done(try await store.restore(filter, expecting: count, event), expected: count)
        heldBoard.add(notes)
        return notes.count
    }

    /// Takes in what `export` gave, here or elsewhere. A letter from elsewhere has no gap in this index: a replay of
    /// what the source has said since changes nothing.
    package func importLines(_ lines: [UInt8], by: String) async throws -> ImportOutcome {
        var outcome = ImportOutcome()
        var letters: [ImportedLetter] = []
        let sources = Set(topology.present.connected)
        var number = 0
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard !line.isEmpty else { continue }
            do throws(Rejection) {
                letters.append(try LetterLine.read(line, sources: sources))
            } catch {
                outcome.refusedCount += 1
                if outcome.refused.count < ImportOutcome.refusedMax {
                    outcome.refused.append((number, error.description))
                }
            }
        }
        let event = LetterEvent(at: clock.now, by: by, act: "imported", detail: "from an export")
        let (notes, known) = try await store.take(letters, event)
        heldBoard.add(notes)
        outcome.imported = notes.count
        outcome.known = known
        return outcome
    }

    private static func done(_ outcome: BulkOutcome, expected: Int) throws(DeadLetterRefusal) -> [LetterNote] {
        switch outcome {
        case .done(let notes): return notes
        case .otherCount(let count):
            throw DeadLetterRefusal(
                .count, "the selection finds \(count) letters, not \(expected): look again, then say \(count)")
        }
    }
}

extension LetterEdit {
    fileprivate func applied(to message: Message) -> Message {
        var edited = message
        if let body { edited.body = body }
        if let type {
            edited.type = type
            edited.headers[HeaderName.type] = .string(type)
        }
        if let appID { edited.appID = appID }
        for (name, field) in headers { edited.headers[name] = field }
        return edited
    }
}

extension LetterSubject {
    /// What of the source's own numbering could be read at first and is another in `edited`, in words.
    fileprivate func change(in edited: LetterSubject) -> String? {
        if epoch != nil, edited.epoch != epoch { return "the epoch" }
        if after != nil, edited.after != after || edited.through != through { return "the range" }
        if seq != nil, edited.seq != nil, edited.seq != seq { return "the number of a change" }
        return nil
    }
}
