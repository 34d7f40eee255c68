import CastyObservability
import CastyReporting
import CastyScenario

extension ExportFormat {
    /// The usual end of the names of such files.
    package var fileExtension: String {
        switch self {
        case .text: "txt"
        case .svg, .json, .ndjson, .csv: rawValue
        case .scenario: "casty"
        }
    }
}

extension ConsoleState {
    /// The screen, its events or its rows in a format for files.
    func export(_ format: ExportFormat, _ feed: ConsoleFeed) -> String {
        switch format {
        case .text: return Renderer.picture(feed, self).plainText() + "\n"
        case .svg: return Renderer.picture(feed, self).svg(title: title(of: visible(feed)))
        case .json:
            let events = visible(feed).log.events.map(\.json)
            return events.isEmpty ? "[]\n" : "[\n" + events.joined(separator: ",\n") + "\n]\n"
        case .ndjson: return visible(feed).log.events.map { $0.json + "\n" }.joined()
        case .csv: return table(visible(feed)).text
        case .scenario: return goesOn(visible(feed)) ?? ""
        }
    }

    /// A scenario that goes on from what is shown; `nil` if no node knew any member.
    func goesOn(_ feed: ConsoleFeed) -> String? { SnapshotScenario(feed.snapshot, title: feed.title).text }

    private func table(_ feed: ConsoleFeed) -> CSVTable {
        switch panes.focus {
        case .members, .phi, .gossip, .network: members(feed)
        case .shards: shards(feed)
        case .events, .why, .flow: events(feed)
        }
    }

    private func members(_ feed: ConsoleFeed) -> CSVTable {
        var table = CSVTable([
            "node", "address", "state", "status", "phi", "shards", "entities", "envelopes_per_second", "version", "lag",
            "seen_by", "observers", "leader", "oldest", "drained",
        ])
        for row in visibleRows(ClusterReading(feed, observer: view.observer)) {
            table.add([
                row.name, row.address, row.state.rawValue, words(.displayStatus(row.displayStatus)),
                row.phi.map { Words.fixed($0, 2) } ?? "", "\(row.shards)", "\(row.entities)", Words.fixed(row.rate, 1),
                "\(row.version)", row.lag.map(String.init) ?? "", "\(row.seenBy)", "\(row.observers)", "\(row.leader)",
                "\(row.oldest)", "\(row.drained)",
            ])
        }
        return table
    }

    private func shards(_ feed: ConsoleFeed) -> CSVTable {
        var table = CSVTable(["type", "shard", "owner", "state", "entities", "handled", "envelopes_per_second"])
        let reading = ClusterReading(feed, observer: view.observer)
        for type in ShardReading.types(in: feed.snapshot) {
            for cell in ShardReading(type: type, feed, reading).cells {
                table.add([
                    type, "\(cell.shard)", cell.owner ?? "", cell.state?.rawValue ?? "", "\(cell.entities)",
                    "\(cell.handled)", Words.fixed(cell.rate, 1),
                ])
            }
        }
        return table
    }

    private func events(_ feed: ConsoleFeed) -> CSVTable {
        var table = CSVTable([
            "t", "id", "node", "event", "subject", "shard", "entity", "from", "to", "reason", "text", "causes",
        ])
        for event in feed.log.events {
            table.add([
                RuntimeEvent.seconds(event.time), event.id.description, event.node, event.kind.rawValue,
                event.subject ?? "", event.shard.map(String.init) ?? "", event.entity ?? "", event.from ?? "",
                event.to ?? "", event.reason?.word ?? "", event.detail?.word ?? "",
                event.causes.map(\.description).joined(separator: " "),
            ])
        }
        return table
    }
}

/// Rows with the same columns, as RFC 4180 describes them.
struct CSVTable: Sendable {
    private(set) var text: String

    init(_ columns: [String]) {
        text = Self.row(columns)
    }

    mutating func add(_ values: [String]) { text += Self.row(values) }

    private static func row(_ values: [String]) -> String { values.map(field).joined(separator: ",") + "\r\n" }

    private static func field(_ value: String) -> String {
        let needsQuotes = value.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D].contains($0) }
        guard needsQuotes else { return value }
        return "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
