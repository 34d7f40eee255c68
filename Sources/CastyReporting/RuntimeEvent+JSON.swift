public import CastyObservability

extension RuntimeEvent {
    /// The event as one line of JSON, without a line break, with its keys in a fixed order.
    ///
    /// Not written by an encoder, so that the bytes, and with them the digest of a run, do not depend on an encoder's
    /// choices.
    public var json: String {
        var line = JSONLine()
        line.add("t", raw: Self.seconds(time))
        line.add("id", id.description)
        line.add("node", node)
        line.add("event", kind.rawValue)
        line.add("subject", subject)
        line.add("shard", shard)
        line.add("entity", entity)
        line.add("from", from)
        line.add("to", to)
        line.add("reason", reason?.word)
        line.add("reply", reply)
        line.add("text", detail?.word)
        line.add("line", self.line)
        if !causes.isEmpty { line.add("cause", causes.map(\.description)) }
        return line.text
    }
}
