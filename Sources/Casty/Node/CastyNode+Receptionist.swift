public import CastyCluster

extension CastyNode {
    /// Finds actors by what they offer, on all nodes.
    ///
    /// ```swift
    /// try node.receptionist.register(printer, for: .printers)
    /// let printers = node.receptionist.find(.printers).reachable
    /// ```
    public var receptionist: Receptionist { cluster.receptionist }

    /// A topic on this node: publishes to, and subscribes for, actors on all nodes.
    ///
    /// ```swift
    /// node.topic(Topic<News>("news")).subscribe(reader)
    /// node.topic(Topic<News>("news")).publish(.headline("…"))
    /// ```
    public func topic<Message: Codable & Sendable>(_ topic: Topic<Message>) -> TopicRef<Message> {
        cluster.topic(topic)
    }
}
