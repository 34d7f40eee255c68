/// `fault NAME [NODE…] [key value…]`, `fault NAME [NODE…] off`.
package struct Fault: Hashable, Sendable {
    package var kind: FaultKind
    /// The affected nodes; for some kinds the two ends of a link.
    package var nodes: [NodeName]
    /// Keys and values in the order written; no key is repeated, and the kind supports all of them.
    package var arguments: [FaultArgument]
    /// Whether the fault ends instead of beginning.
    package var ends = false

    package init(
        _ kind: FaultKind, nodes: [NodeName] = [], arguments: [FaultArgument] = [], ends: Bool = false
    ) {
        self.kind = kind
        self.nodes = nodes
        self.arguments = arguments
        self.ends = ends
    }

    /// The value of a key.
    package subscript(key key: FaultKey) -> FaultValue? { arguments.first { $0.key == key }?.value }
}

/// A key of a fault, with its value.
package struct FaultArgument: Hashable, Sendable {
    package var key: FaultKey
    package var value: FaultValue

    package init(_ key: FaultKey, _ value: FaultValue) {
        self.key = key
        self.value = value
    }
}

/// The value of a fault's key.
package enum FaultValue: Hashable, Sendable {
    case duration(Duration)
    case percentage(Percentage)
    case number(Thousandths)
    case disk(DiskFault)
    case entity(EntityName)
}

/// The faults of a disk.
package enum DiskFault: String, CaseIterable, Hashable, Sendable {
    case full
    case failing
    case torn
    case lostTail = "lost-tail"
    case corrupt
    /// Reads and writes take time.
    case slow
    /// As ``slow``, and some take longer than a node waits for them.
    case hanging
    /// As ``slow``, and the operations of all nodes wait meanwhile.
    case locking
}

/// The keys of faults.
package enum FaultKey: String, CaseIterable, Hashable, Sendable {
    /// The duration of the fault; without one it lasts until the run ends.
    case duration = "for"
    case factor
    case rate
    case jump
    case chance
    case limit
    case period
    case times
    case error
    case entity
}
