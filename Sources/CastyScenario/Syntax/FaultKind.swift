/// The faults without a command of their own, by word.
package enum FaultKind: String, CaseIterable, Hashable, Sendable {
    case slow
    case clock
    case bandwidth
    case reset
    case halfOpen = "half-open"
    case silence
    case refuse
    case corrupt
    case truncate
    case trickle
    case flap
    case swizzle
    case disk
    case `throw`
    case stall
    case poison
    case hostile
    case buggify

    /// The allowed number of nodes.
    package var nodes: ClosedRange<Int> {
        switch self {
        case .slow, .clock, .silence, .refuse, .disk, .throw, .stall, .hostile: 1...NodeName.numbers.upperBound
        case .bandwidth, .reset, .halfOpen, .corrupt, .truncate, .trickle: 1...2
        case .flap: 2...2
        case .swizzle: 2...NodeName.numbers.upperBound
        case .poison: 0...0
        case .buggify: 0...NodeName.numbers.upperBound
        }
    }

    /// The supported keys.
    package var keys: [FaultKey] {
        switch self {
        case .slow: [.factor, .duration]
        case .clock: [.rate, .jump, .duration]
        case .bandwidth: [.limit, .duration]
        case .reset: [.after]
        case .halfOpen, .silence, .refuse, .trickle: [.duration]
        case .corrupt, .truncate: [.chance, .duration]
        case .flap, .swizzle: [.period, .times]
        case .disk: [.error, .duration]
        case .throw: [.chance, .times, .duration]
        case .stall: [.period, .chance, .duration]
        case .poison: [.entity, .times, .duration]
        case .hostile: [.times]
        case .buggify: [.chance, .duration]
        }
    }

    /// A one-sentence description.
    package var summary: String {
        switch self {
        case .slow: "Handlers on the nodes take a factor longer."
        case .clock: "The nodes' clocks run fast or slow by a rate, or jump."
        case .bandwidth: "A node's links, or the link between two, carry at most that many bytes a second."
        case .reset: "Connections of a node, or between two, are reset, after that many further bytes."
        case .halfOpen: "One end of the connections is gone and the other does not know."
        case .silence: "The nodes accept connections and then say nothing."
        case .refuse: "The nodes refuse new connections."
        case .corrupt: "Bits flip in the bytes of a node, or between two."
        case .truncate: "Frames of a node, or between two, end early."
        case .trickle: "Writes go through one byte at a time."
        case .flap: "The link between two nodes is cut and healed, again and again."
        case .swizzle: "The nodes are cut off one by one and healed in another order."
        case .disk: "The disks of the nodes fail in a given way."
        case .throw: "Handlers on the nodes throw."
        case .stall: "Handlers on the nodes have done what they do only after a while, the period at most."
        case .poison: "An entity fails each time it starts."
        case .hostile: "A process that is no member sends nonsense to the nodes."
        case .buggify: "Rare paths are taken often: early timers, small buffers, odd timeouts."
        }
    }
}
