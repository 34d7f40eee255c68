/// Which connections a server holds, and which of them gives way to a new one.
///
/// No client may keep others out, least of all a supervisor that asks whether the node lives. So a new connection takes
/// the room of an idle one: of its own source, where that has its share already, or of the source that has most. Where
/// all are busy, there is a small reserve for connections that only probe.
struct ConnectionTable<ID: Hashable & Sendable>: Sendable {
    enum Admission: Equatable, Sendable {
        case admitted
        /// It may ask `/live` and `/ready`, once.
        case probesOnly
    }

    private struct Entry: Sendable {
        let id: ID
        let source: String
        let admission: Admission
        /// Whether a request is being answered. A request that has not arrived whole does not count.
        var isBusy = false
    }

    /// The most connections besides the reserve.
    let limit: Int
    /// The most of them from one source.
    let perSource: Int
    /// The most connections that only probe.
    static var reserve: Int { 8 }

    /// In the order of arrival, or of the last answer.
    private var entries: [Entry] = []

    init(limit: Int, perSource: Int) {
        self.limit = limit
        self.perSource = perSource
    }

    var count: Int { entries.count }
    var ids: [ID] { entries.map(\.id) }

    /// Decides about a new connection.
    ///
    /// - Returns: What it may do, and the connection that is to be closed for it.
    /// - Complexity: O(connections).
    mutating func admit(_ id: ID, from source: String) -> (admission: Admission, displaced: ID?) {
        let usual = entries.filter { $0.admission == .admitted }
        let isShareTaken = usual.count { $0.source == source } >= perSource
        var displaced: Int?
        if isShareTaken || usual.count >= limit {
            let crowded = isShareTaken ? source : Self.mostCrowded(usual)
            displaced = idle { $0.source == crowded } ?? (isShareTaken ? nil : idle { _ in true })
            guard displaced != nil else { return admitForProbes(id, from: source) }
        }
        let leaving = displaced.map { entries.remove(at: $0).id }
        entries.append(Entry(id: id, source: source, admission: .admitted))
        return (.admitted, leaving)
    }

    private mutating func admitForProbes(_ id: ID, from source: String) -> (Admission, ID?) {
        let probes = entries.filter { $0.admission == .probesOnly }
        var leaving: ID?
        if probes.count >= Self.reserve {
            let crowded = Self.mostCrowded(probes)
            let index = entries.firstIndex { $0.admission == .probesOnly && $0.source == crowded }
            leaving = index.map { entries.remove(at: $0).id }
        }
        entries.append(Entry(id: id, source: source, admission: .probesOnly))
        return (.probesOnly, leaving)
    }

    /// The oldest idle connection of those that may ask anything.
    private func idle(_ condition: (Entry) -> Bool) -> Int? {
        entries.firstIndex { $0.admission == .admitted && !$0.isBusy && condition($0) }
    }

    /// The source with the most connections; of several, the one whose first connection is the oldest.
    private static func mostCrowded(_ entries: [Entry]) -> String? {
        var counts: [String: Int] = [:]
        for entry in entries { counts[entry.source, default: 0] += 1 }
        let most = counts.values.max()
        return entries.first { counts[$0.source] == most }?.source
    }

    /// A request of the connection is being answered from now on.
    mutating func began(_ id: ID) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries[index].isBusy = true
    }

    /// The answer has been sent.
    mutating func answered(_ id: ID) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        var entry = entries.remove(at: index)
        entry.isBusy = false
        entries.append(entry)
    }

    mutating func remove(_ id: ID) { entries.removeAll { $0.id == id } }
}
