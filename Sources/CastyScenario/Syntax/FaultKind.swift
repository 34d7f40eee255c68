/// The faults without a command of their own, by word.
package enum FaultKind: String, CaseIterable, Hashable, Sendable {
    case slow
    case clock
    case bandwidth
    case reset
    case halfOpen = "half-open"
    case refuse
    case corrupt
    case trickle
    case flap
    case swizzle
    case disk
    case `throw`
    case stall
    case poison

    /// The allowed number of nodes.
    package var nodes: ClosedRange<Int> {
        switch self {
        case .slow, .clock, .refuse, .disk, .throw, .stall: 1...NodeName.numbers.upperBound
        case .bandwidth, .reset, .halfOpen, .corrupt, .trickle: 1...2
        case .flap: 2...2
        case .swizzle: 2...NodeName.numbers.upperBound
        case .poison: 0...0
        }
    }

    /// The supported keys.
    package var keys: [FaultKey] {
        switch self {
        case .slow: [.factor, .duration]
        case .clock: [.rate, .jump, .duration]
        case .bandwidth: [.limit, .duration]
        case .reset: []
        case .halfOpen, .refuse, .trickle: [.duration]
        case .corrupt: [.chance, .duration]
        case .flap, .swizzle: [.period, .times]
        case .disk: [.error, .duration]
        case .throw: [.chance, .times, .duration]
        case .stall: [.period, .chance, .duration]
        case .poison: [.entity, .times, .duration]
        }
    }

    /// Whether it lasts, so that `off` ends it; the others act once or end by themselves.
    package var lasts: Bool {
        switch self {
        case .slow, .clock, .bandwidth, .refuse, .corrupt, .trickle, .disk, .throw, .stall: true
        // What a poisoned entity has failed at is counted by the entity, not by a node.
        case .reset, .halfOpen, .flap, .swizzle, .poison: false
        }
    }

    /// A one-sentence description.
    package var summary: String {
        switch self {
        case .slow: "Handlers on the nodes take a factor longer."
        case .clock: "The nodes' clocks run fast or slow by a rate, or jump ahead."
        case .bandwidth: "A node's links, or the link between two, carry at most that many bytes a second."
        case .reset: "Connections of a node, or between two, are reset."
        case .halfOpen: "One end of the connections is gone and the other does not know."
        case .refuse: "The nodes refuse new connections."
        case .corrupt: "Bits flip in the bytes of a node, or between two."
        case .trickle: "Writes go through one byte at a time."
        case .flap: "The link between two nodes is cut and healed, again and again."
        case .swizzle: "The nodes are cut off one by one and healed in another order."
        case .disk: "The disks of the nodes fail in a given way."
        case .throw: "Handlers on the nodes throw."
        case .stall: "Handlers on the nodes have done what they do only after a while, the period at most."
        case .poison: "An entity fails each time it starts."
        }
    }
}
