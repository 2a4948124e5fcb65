import CareRecord

extension ReportPage {
    var peers: String {
        let samples = result.samples
        let isBehind = samples.contains { !$0.backlog.isEmpty }
        var table = HTMLTable(
            "Each HIE's worker at the end; latencies in milliseconds, corrected",
            [
                ("HIE", false), ("Accepted", true), ("Lookups", true), ("Errors", true), ("Applied", true),
                ("Redelivered", true), ("Held", true), ("Broker blocked", true), ("Lookup p99", true),
                ("Replication p99", true),
            ] + (isBehind ? [("Backlog, most", false)] : []))
        let top = samples.flatMap(\.backlog.values).max().map(Double.init) ?? 0
        for peer in result.peers {
            let backlog = samples.map { Double($0.backlog[peer.hie] ?? 0) }
            let most = FigureText.text(backlog.max() ?? 0, isGrouped: true)
            let spark = "<span class=\"sparkline\">\(Sparkline.svg(backlog, max: top)) \(most)</span>"
            table.append(
                peer.hie,
                cells: [
                    .whole(peer.acknowledged), .whole(peer.lookups),
                    peer.errors > 0 ? .marked(FigureText.whole(peer.errors), "number bad") : .whole(0),
                    .whole(peer.applied), .whole(peer.redelivered), .whole(peer.held),
                    .number(peer.blockedSeconds > 0 ? FigureText.text(peer.blockedSeconds, .seconds) : "–"),
                    .milliseconds(peer.lookupP99), .milliseconds(peer.replicationP99),
                ] + (isBehind ? [.html(spark)] : []))
        }
        return table.html
    }

    var processes: String {
        let seconds = result.durationSeconds
        let memory = result.processes.map(\.residentMebibytesMax).max() ?? 0
        let share = result.processes.map(\.cpuSeconds).max() ?? 0
        var table = HTMLTable(
            "As the operating system counts them during the load; a core is one that is busy all the time",
            [("Process", false), ("CPU, s", true), ("Cores", false), ("Memory, most", false), ("Written, MiB", true)])
        for process in result.processes {
            let cores = seconds > 0 ? process.cpuSeconds / seconds : 0
            table.append(
                process.name, .number(FigureText.text(process.cpuSeconds)),
                .bar(FigureText.text(cores), share: share > 0 ? process.cpuSeconds / share : 0),
                .bar(
                    FigureText.text(process.residentMebibytesMax, .mebibytes),
                    share: memory > 0 ? process.residentMebibytesMax / memory : 0),
                .number(process.writtenMebibytes.map { FigureText.text($0, isGrouped: true) } ?? "–"))
        }
        guard !result.processes.isEmpty else { return "" }
        let cpu = result.processes.reduce(0) { $0 + $1.cpuSeconds }
        let cores = seconds > 0 ? FigureText.text(cpu / seconds) : "–"
        return "<p>Together they kept \(cores) of \(result.environment.cores) cores busy.</p>\n" + table.html
    }

    var ratios: String {
        var table = HTMLTable(
            "Measured in the same run, with no part of Wherry's domain in the baseline",
            [("Ratio", false), ("What", false), ("Measured", true), ("Baseline", true), ("", false), ("Share", false)])
        for ratio in result.ratios {
            table.append(
                ratio.name, .text(ratio.about), .number(FigureText.text(ratio.measured, isGrouped: true)),
                .number(FigureText.text(ratio.baseline, isGrouped: true)), .text(ratio.unit),
                .bar(FigureText.text(ratio.value, .ratio), share: ratio.value))
        }
        return table.html
    }

    var environment: String {
        let environment = result.environment
        var rows: [(String, String)] = [
            ("Cores", "\(environment.cores)"), ("Memory", "\(FigureText.whole(environment.memoryMebibytes)) MiB"),
            ("Queues", environment.queueType), ("An acknowledgement means", environment.durability),
            ("Commit", environment.commit ?? "not known"), ("Seed", "\(environment.seed)"),
            ("HIEs", "\(environment.hies)"), ("Brokers", "\(environment.brokers)"),
        ]
        rows += environment.versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let items = rows.map { name, text in
            "<div><dt>\(name.escapedForHTML)</dt><dd>\(text.escapedForHTML)</dd></div>"
        }
        return "<dl class=\"facts\">\(items.joined())</dl>\n"
    }
}
