import CastyCore
import CastyObservability
import CastySerialization

/// One moment of a cluster as it is kept: encoded in parts, of which those that have not changed since the moment before
/// share its bytes.
struct Moment: Sendable {
    /// The parts of a node's snapshot, in the order in which they are kept. What changes together is one part.
    enum NodePart: Int, CaseIterable {
        case rest, membership, peers, sharding, associations
    }

    let time: Instant
    /// The short names of the nodes.
    let names: [String]
    /// The snapshot without its nodes, then the parts of each node.
    let parts: [[UInt8]]
    /// Whether the part of this index has the same bytes as in the moment before.
    private(set) var isShared: [Bool]

    /// The index of a node's part.
    static func index(_ part: NodePart, of node: Int) -> Int { 1 + node * NodePart.allCases.count + part.rawValue }

    /// The number of parts of a moment with this number of nodes.
    static func count(nodes: Int) -> Int { 1 + nodes * NodePart.allCases.count }

    /// - Throws: What the encoding throws.
    init(_ snapshot: ClusterSnapshot, after former: Moment?) throws {
        var parts: [[UInt8]] = []
        let serializer = BinarySerializer()
        var frame = snapshot
        frame.nodes = []
        // They belong to the person at the screen, and to a pane that shows them as they pass.
        frame.forecast = nil
        frame.crossings = nil
        parts.append(try serializer.encode(frame))
        for node in snapshot.nodes {
            var rest = node
            rest.membership = MembershipSnapshot()
            rest.sharding = []
            rest.associations = []
            var membership = node.membership
            membership.peers = []
            parts.append(try serializer.encode(rest))
            parts.append(try serializer.encode(membership))
            parts.append(try serializer.encode(node.membership.peers))
            parts.append(try serializer.encode(node.sharding))
            parts.append(try serializer.encode(node.associations))
        }
        self.init(time: snapshot.time, names: snapshot.nodes.map(\.name), parts: parts, after: former)
    }

    init(time: Instant, names: [String], parts: [[UInt8]], after former: Moment?) {
        self.time = time
        self.names = names
        // With other nodes the parts have other positions: such moments are rare.
        let known = former?.names == names ? former?.parts ?? [] : []
        isShared = parts.indices.map { known.indices.contains($0) && known[$0] == parts[$0] }
        self.parts = zip(parts.indices, isShared).map { index, isShared in isShared ? known[index] : parts[index] }
    }

    /// The bytes that only this moment and later ones hold, with those of the bookkeeping.
    var ownBytes: Int {
        zip(parts, isShared).reduce(64) { sum, part in sum + Self.overhead + (part.1 ? 0 : part.0.count) }
    }

    /// The size of a part's bookkeeping.
    private static let overhead = 48

    /// Takes over what it shares with the moment before, which is forgotten; returns the number of bytes.
    mutating func inherit() -> Int {
        var inherited = 0
        for index in isShared.indices where isShared[index] {
            inherited += parts[index].count
            isShared[index] = false
        }
        return inherited
    }

    /// - Throws: `DecodingError` or ``WireError`` if the bytes are not those of a snapshot.
    func snapshot() throws -> ClusterSnapshot {
        let serializer = BinarySerializer()
        var snapshot = try serializer.decode(ClusterSnapshot.self, from: parts[0])
        snapshot.time = time
        snapshot.nodes = try names.indices.map { index in
            func part<Value: Decodable>(_ part: NodePart, _ type: Value.Type) throws -> Value {
                try serializer.decode(type, from: parts[Self.index(part, of: index)])
            }
            var node = try part(.rest, NodeSnapshot.self)
            node.membership = try part(.membership, MembershipSnapshot.self)
            node.membership.peers = try part(.peers, [PeerSnapshot].self)
            node.sharding = try part(.sharding, [ShardingSnapshot].self)
            node.associations = try part(.associations, [AssociationSnapshot].self)
            return node
        }
        return snapshot
    }
}
