import CareRecord
import Topology
import Yams

/// Makes a profile of a YAML tree, and finds every mistake on the way rather than the first.
struct LoadProfileReader {
    var reader: NodeReader
    var profile: LoadProfile
    /// The HIEs of the topology that have workers, in its order; `nil` where the topology is not known.
    let connected: [HIEIdentifier]?

    init(_ reader: NodeReader, name: String, connected: [HIEIdentifier]?) {
        self.reader = reader
        self.connected = connected
        profile = LoadProfile(name: name, about: "")
    }

    var mistakes: [Mistake] { reader.mistakes }

    /// `nil` where there are mistakes.
    mutating func read(_ node: Node) -> LoadProfile? {
        guard let fields = reader.fields(node, of: "a load profile", known: Self.fields) else { return nil }
        if let node = fields["kind"], let kind = reader.word(node, as: "the kind", LoadProfile.Kind.self) {
            profile.kind = kind
        }
        refuseForeign(fields)
        readAbout(fields)
        readMesh(fields)
        readTimes(fields)
        readStreams(fields)
        readSizes(fields)
        readBaselines(fields)
        if let node = fields["faults"] { readFaults(node) }
        let example = "criteria: [lost <= 0]"
        if let node = reader.required("criteria", in: fields, example: example) { readCriteria(node) }
        checkStreams(fields)
        return reader.mistakes.isEmpty ? profile : nil
    }

    // MARK: Which fields there are

    private static let fields = [
        "about", "kind", "hies", "brokers", "patients", "seed", "warmup", "duration", "changes", "lookups", "queries",
        "badMessages", "messageChanges", "sizes", "faults", "baselines", "criteria",
    ]

    /// Of a kind.
    private static func fields(of kind: LoadProfile.Kind) -> [String] {
        switch kind {
        case .mesh: fields.filter { $0 != "sizes" }
        case .bulk: ["about", "kind", "hies", "brokers", "seed", "changes", "messageChanges", "baselines", "criteria"]
        case .growth: ["about", "kind", "seed", "sizes", "criteria"]
        }
    }

    private mutating func refuseForeign(_ fields: Fields) {
        let known = Self.fields(of: profile.kind)
        for field in fields.all where !known.contains(field.name) {
            reader.note(
                "a profile of kind \(profile.kind.rawValue) does nothing with `\(field.name)`: take it out, or write "
                    + "another kind", at: field.key)
        }
    }

    // MARK: What is read

    private mutating func readAbout(_ fields: Fields) {
        guard let node = reader.required("about", in: fields, example: "about: and a sentence"),
            let about = reader.text(node, as: "`about`")
        else { return }
        if about.count > LoadProfileLimits.aboutMaxCharacters {
            reader.note("`about` has more than \(LoadProfileLimits.aboutMaxCharacters) characters", at: node)
        }
        profile.about = about
    }

    private mutating func readMesh(_ fields: Fields) {
        if let node = fields["hies"], let hies = reader.whole(node, as: "`hies`", in: LoadProfileLimits.hies) {
            profile.hies = hies
            if let connected, hies > connected.count {
                reader.note("the topology has \(connected.count) connected HIEs: write at most that", at: node)
            }
            if profile.kind == .bulk, hies < 2 {
                reader.note("a source needs somebody to send to: write at least 2 `hies`", at: node)
            }
        }
        if let node = fields["brokers"],
            let brokers = reader.whole(node, as: "`brokers`", in: LoadProfileLimits.brokers)
        {
            profile.brokers = brokers
            if brokers > profile.hies {
                reader.note("more `brokers` than `hies`: write at most \(profile.hies)", at: node)
            }
        }
        if let node = fields["patients"],
            let patients = reader.whole(node, as: "`patients`", in: LoadProfileLimits.patients)
        {
            profile.patients = patients
        }
        if let node = fields["seed"], let seed = reader.whole(node, as: "`seed`", in: 0...UInt64.max) {
            profile.seed = seed
        }
        if let node = fields["messageChanges"] {
            profile.messageChangesMax = reader.whole(
                node, as: "`messageChanges`", in: LoadProfileLimits.messageChanges)
        }
    }

    private mutating func readTimes(_ fields: Fields) {
        if let node = fields["warmup"],
            let time = reader.milliseconds(node, as: "`warmup`", in: LoadProfileLimits.warmUpMilliseconds)
        {
            profile.warmUpMilliseconds = time
        }
        var duration = fields["duration"]
        if profile.kind == .mesh { duration = reader.required("duration", in: fields, example: "duration: 1m") }
        if let duration,
            let time = reader.milliseconds(duration, as: "`duration`", in: LoadProfileLimits.durationMilliseconds)
        {
            profile.durationMilliseconds = time
        }
    }

    private mutating func readStreams(_ fields: Fields) {
        if profile.kind == .bulk {
            readBulk(fields)
        } else if let node = fields["changes"] {
            readChanges(node)
        }
        profile.lookupsPerSecond = fields["lookups"].flatMap { readRate($0, of: "`lookups`") }
        profile.badMessagesPerSecond = fields["badMessages"].flatMap { readRate($0, of: "`badMessages`") }
        if let node = fields["queries"] { readQueries(node) }
    }

    private mutating func readBulk(_ fields: Fields) {
        let example = "changes: {count: 100_000}"
        guard let node = reader.required("changes", in: fields, example: example),
            let changes = reader.fields(node, of: "`changes` of a bulk load", known: ["count"]),
            let count = reader.required("count", in: changes, example: "count: 100_000")
        else { return }
        profile.bulkChanges =
            reader.whole(count, as: "`count`", in: LoadProfileLimits.bulkChanges) ?? profile.bulkChanges
    }

    private mutating func readChanges(_ node: Node) {
        let known = ["rate", "batch", "create", "delete"]
        guard let fields = reader.fields(node, of: "`changes`", known: known), let rate = readRate(in: fields)
        else { return }
        var changes = LoadProfile.Changes(perSecond: rate)
        if let node = fields["batch"], let batch = reader.whole(node, as: "`batch`", in: LoadProfileLimits.batch) {
            changes.batch = batch
        }
        if let node = fields["create"],
            let create = reader.whole(node, as: "`create`", in: LoadProfileLimits.percent)
        {
            changes.createPercent = create
        }
        if let node = fields["delete"],
            let delete = reader.whole(node, as: "`delete`", in: LoadProfileLimits.percent)
        {
            changes.deletePercent = delete
        }
        if changes.createPercent + changes.deletePercent > 100 {
            reader.note(
                "`create` (\(changes.createPercent)) and `delete` (\(changes.deletePercent)) are of a hundred changes: "
                    + "write less", at: node)
        }
        profile.changes = rate > 0 ? changes : nil
    }

    private mutating func readQueries(_ node: Node) {
        guard let fields = reader.fields(node, of: "`queries`", known: ["rate", "deadline"]),
            let rate = readRate(in: fields)
        else { return }
        var queries = LoadProfile.Queries(perSecond: rate)
        if let node = fields["deadline"],
            let time = reader.milliseconds(node, as: "`deadline`", in: LoadProfileLimits.deadlineMilliseconds)
        {
            queries.deadlineMilliseconds = time
        }
        profile.queries = rate > 0 ? queries : nil
    }

    /// Of a stream that has nothing but a rate; `nil` for none at all.
    private mutating func readRate(_ node: Node, of what: String) -> Double? {
        guard let fields = reader.fields(node, of: what, known: ["rate"]), let rate = readRate(in: fields), rate > 0
        else { return nil }
        return rate
    }

    private mutating func readRate(in fields: Fields) -> Double? {
        reader.required("rate", in: fields, example: "rate: 100 (a second)")
            .flatMap { reader.number($0, as: "`rate`", in: LoadProfileLimits.rate) }
    }

    private mutating func readSizes(_ fields: Fields) {
        guard profile.kind == .growth else { return }
        guard let node = reader.required("sizes", in: fields, example: "sizes: [10_000, 100_000]"),
            let nodes = reader.list(node, of: "`sizes`")
        else { return }
        if nodes.isEmpty { reader.note("there are no sizes: add numbers of entries, such as 10_000", at: node) }
        if nodes.count > LoadProfileLimits.sizesMax {
            reader.note("more than \(LoadProfileLimits.sizesMax) sizes", at: node)
        }
        for node in nodes.prefix(LoadProfileLimits.sizesMax) {
            guard let size = reader.whole(node, as: "a size", in: LoadProfileLimits.size) else { continue }
            if let last = profile.sizes.last, size <= last {
                reader.note("the index grows: a size is above the one before it, \(last)", at: node)
            }
            profile.sizes.append(size)
        }
    }

    private mutating func readBaselines(_ fields: Fields) {
        guard let node = fields["baselines"], let nodes = reader.list(node, of: "`baselines`") else { return }
        for node in nodes.prefix(LoadProfileLimits.criteriaMax) {
            guard let baseline = reader.word(node, as: "the baseline", LoadProfile.Baseline.self) else { continue }
            profile.baselines.insert(baseline)
        }
    }

    /// A mesh that has nothing to do shows nothing; and what is asked for has to be about somebody.
    private mutating func checkStreams(_ fields: Fields) {
        guard profile.kind == .mesh, reader.mistakes.isEmpty else { return }
        let isIdle =
            profile.changes == nil && profile.lookupsPerSecond == nil && profile.queries == nil
            && profile.badMessagesPerSecond == nil
        if isIdle {
            reader.note("nothing would happen: add a rate to `changes`, `lookups` or `queries`", at: fields.node)
        }
        if profile.patients == 0, profile.badMessagesPerSecond == nil || !isIdle, let node = fields["patients"] {
            reader.note("changes, lookups and queries are about patients: write at least 1", at: node)
        }
    }
}
