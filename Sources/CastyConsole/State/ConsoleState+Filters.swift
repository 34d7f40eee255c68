import CastyObservability

/// What can be filtered by in each pane.
extension ConsoleState {
    /// The names of the fields by pane; panes without a filter are absent. Members, Events and Flow compare a filter with
    /// the fields of these names.
    static let filterFields: [Pane: [String]] = [
        .members: ["node", "address", "status", "member", "state"],
        .shards: [],
        .events: ["subject", "node", "what", "cause", "kind", "id", "from", "to", "entity", "shard"],
        .flow: ["kind", "node", "from", "to", "what", "lost"],
    ]

    /// Says which fields there are if a filter asks for another one.
    mutating func checkFilter(_ text: String, in pane: Pane) {
        let known = Self.filterFields[pane] ?? []
        guard let unknown = TextFilter(text).keys.first(where: { key in !known.contains { $0.hasPrefix(key) } }) else {
            return
        }
        guard !known.isEmpty else {
            return say(.refused, "filter: \(pane.title) has no \(unknown)=; a part of an entity's name finds it")
        }
        say(.refused, "filter: no \(unknown)= here; there are \(known.map { "\($0)=" }.joined(separator: " "))")
    }
}
