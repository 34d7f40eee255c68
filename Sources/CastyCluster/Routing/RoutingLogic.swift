import CastyActors
import CastyCore

/// How a router chooses the routee of a message.
public struct RoutingStrategy<Message: Sendable>: Sendable {
    enum Kind: Sendable {
        case roundRobin
        case random
        case consistentHash(@Sendable (Message) -> String)
        case broadcast
    }

    let kind: Kind

    /// One after the other.
    public static var roundRobin: RoutingStrategy { RoutingStrategy(kind: .roundRobin) }

    /// Any of them, each as likely as the others.
    public static var random: RoutingStrategy { RoutingStrategy(kind: .random) }

    /// All of them: each gets every message.
    public static var broadcast: RoutingStrategy { RoutingStrategy(kind: .broadcast) }

    /// The same one for messages with the same key, as long as it is there.
    ///
    /// Rendezvous hashing (D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", 1998): where a
    /// routee comes or goes, only its own keys move. The hash is the same on all nodes.
    ///
    /// - Complexity: O(*n*) in the number of routees for each message.
    /// - Parameter key: What decides. It runs on the router's turn.
    public static func consistentHash(_ key: @escaping @Sendable (Message) -> String) -> RoutingStrategy {
        RoutingStrategy(kind: .consistentHash(key))
    }
}

/// Chooses routees.
struct RoutingLogic<Message: Sendable> {
    private let kind: RoutingStrategy<Message>.Kind
    private var next = 0
    private var generator: SeededGenerator

    init(_ strategy: RoutingStrategy<Message>, generator: SeededGenerator) {
        kind = strategy.kind
        self.generator = generator
    }

    /// The indices of the routees that get a message.
    ///
    /// - Parameter routees: The hashes of the routees' names, at least one.
    mutating func choose(for message: Message, from routees: [UInt64]) -> Range<Int> {
        switch kind {
        case .broadcast: return 0..<routees.count
        case .roundRobin:
            // The number of routees may have changed.
            let index = next % routees.count
            next = index + 1
            return index..<index + 1
        case .random:
            let index = generator.below(routees.count)
            return index..<index + 1
        case .consistentHash(let key):
            let index = Self.heaviest(routees, for: StableHash.fnv1a(key(message)))
            return index..<index + 1
        }
    }

    /// The routee with the greatest hash together with the key; of equal ones the first.
    static func heaviest(_ routees: [UInt64], for key: UInt64) -> Int {
        var best = (index: 0, weight: UInt64(0))
        for (index, routee) in routees.enumerated() {
            let weight = mix(routee ^ mix(key))
            if weight > best.weight { best = (index, weight) }
        }
        return best.index
    }

    /// The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood, 2014): FNV-1a alone leaves similar names close.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// The routees of a router at one moment.
struct Routees<Message: Sendable>: Sendable {
    let refs: [ActorRef<Message>]
    /// The hashes of their names, for consistent hashing.
    let hashes: [UInt64]

    init(_ refs: [ActorRef<Message>], name: (ActorRef<Message>) -> String) {
        self.refs = refs
        hashes = refs.map { StableHash.fnv1a(name($0)) }
    }

    static var none: Routees { Routees([]) { _ in "" } }
}
