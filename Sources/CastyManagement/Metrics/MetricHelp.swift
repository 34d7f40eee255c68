import Casty

/// One line that says what a metric means.
enum MetricHelp {
    /// - Parameter label: The metric's name in swift-metrics.
    static func of(_ label: String) -> String {
        NodeMetric(rawValue: label).map(text) ?? "The metric \(printable(label)) of swift-metrics."
    }

    private static func text(_ metric: NodeMetric) -> String {
        switch metric {
        case .actors: "Live actors."
        case .mailboxMessages: "Messages that wait in mailboxes, of 10,000 actors at most."
        case .mailboxLongest: "The most messages in one mailbox."
        case .messagesHandled: "Messages that actors have handled."
        case .asksPending: "Asks that wait for an answer."
        case .turns: "Turns that actors have taken."
        case .turnTime: "Mean processor time of a turn since the last report, in nanoseconds."
        case .longTurns: "Turns that took more than a second."
        case .bytesSent: "Bytes written to connections with a node."
        case .bytesReceived: "Bytes read from connections with a node."
        case .framesSent: "Messages sent to a node."
        case .framesReceived: "Messages received from a node."
        case .bytesQueued: "Bytes that wait to be written to a node."
        case .reconnects: "Connections that had to be opened again."
        case .protocolVersion: "The protocol version of the connections with a node."
        case .members: "Members by status."
        case .unreachableMembers: "Members that some member cannot reach."
        case .phi: "The suspicion of a monitored member; the threshold is 8 by default."
        case .gossipChanges: "Changes of the shared state."
        case .gossipBytes: "The size of the shared state that was sent last."
        case .gossipConverged: "1 while all members have seen the present state, else 0."
        case .shards: "Shards that this node hosts."
        case .entities: "Entities of the shards that this node hosts."
        case .entitiesBuffered: "Messages that wait until their shard has a home."
        case .handoffs: "Handoffs of shards that have begun."
        case .storeLoadTime: "How long an entity took to load its state."
        case .storeSaveTime: "How long an entity took to save its state."
        case .storeErrors: "Loads and saves that failed."
        case .losses: "Lost messages, as in the loss ledger."
        case .events: "Events of the node by kind."
        }
    }

    private static func printable(_ label: String) -> String {
        String(label.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0 != "\\" ? Character($0) : "_" })
    }
}
