import CastyCore
import CastyObservability

/// One row of the member table: the node's actual state next to one observer's view of it.
struct NodeRow: Hashable, Sendable {
    var name: String
    var number: Int
    var node: NodeAddress
    var displayStatus: DisplayStatus
    /// The status in the observer's view.
    var status: MemberStatus?
    var state: NodeState
    var oldest: Bool
    var leader: Bool
    /// Whether it is drained.
    var drained: Bool
    /// The observer's phi for it; `nil` for the observer itself and for peers that it does not monitor.
    var phi: Double?
    var threshold: Double
    var shards: Int
    var entities: Int
    var rate: Double
    var version: UInt64
    /// Its version minus the newest version of any node: 0 or negative; `nil` if it is not running.
    var lag: Int?
    /// Whether it has the newest version, but different content from the most common one.
    var diverges: Bool
    /// The number of running nodes that see it as a reachable member, and the number of running nodes that could.
    var seenBy: Int
    var observers: Int
    var started: Instant?

    var address: String { node.description }

    /// Whether it may run: it does, or no one knows that it does not.
    var alive: Bool {
        switch state {
        case .running, .frozen, .silent: true
        case .killed, .stopped: false
        }
    }
}

/// The contents of a snapshot, sorted for display: computed once per frame.
struct ClusterReading: Sendable {
    let rows: [NodeRow]
    let observer: NodeSnapshot?
    /// The number of running nodes whose views equal the most common view, and the number of running nodes.
    let agreeing: Int
    let running: Int
    let newestVersion: UInt64
    /// The most common content of the newest version.
    let newestDigest: UInt64?
    let names: [UniqueAddress: String]

    init(_ feed: ConsoleFeed, observer chosen: String?) {
        let snapshot = feed.snapshot
        let alive = snapshot.nodes.filter { $0.state == .running }
        running = alive.count
        observer =
            alive.first { $0.name == chosen } ?? alive.first { $0.name == snapshot.observer?.contact }
            ?? alive.first { !$0.membership.members.isEmpty } ?? alive.first
            ?? snapshot.nodes.first { $0.name == snapshot.observer?.contact } ?? snapshot.nodes.first
        newestVersion = alive.map(\.membership.gossipVersion).max() ?? 0
        var digests: [UInt64: Int] = [:]
        for node in alive { digests[node.membership.digest, default: 0] += 1 }
        agreeing = digests.values.max() ?? 0
        newestDigest = Self.commonest(newestVersion, alive, preferred: observer?.membership.digest)

        var names: [UniqueAddress: String] = [:]
        var seen: [String: Int] = [:]
        for node in snapshot.nodes { names[node.node] = node.name }
        for (view, holders) in Self.views(of: snapshot.nodes) {
            for member in view.members {
                names[member.node] = member.name
                if holders > 0, !member.unreachable, member.status != .down { seen[member.name, default: 0] += holders }
            }
        }
        self.names = names

        var monitored: [String: PeerSnapshot] = [:]
        for peer in observer?.state == .running ? observer?.membership.peers ?? [] : [] {
            if let other = monitored[peer.name], other.node.incarnation > peer.node.incarnation { continue }
            monitored[peer.name] = peer
        }
        let membership = observer?.membership
        var believed: [String: MemberSnapshot] = [:]
        for member in membership?.members ?? [] {
            // Two incarnations at one address may be known for a while; the newer one counts.
            if let other = believed[member.name], other.node.incarnation > member.node.incarnation { continue }
            believed[member.name] = member
        }
        let drained = Set(observer?.sharding.flatMap(\.drained) ?? [])
        // A silent or frozen node that the others no longer list was a member, as its own last view says.
        func wasMember(_ node: NodeSnapshot) -> Bool {
            (node.state == .silent || node.state == .frozen)
                && node.membership.members.contains { $0.node == node.node }
        }
        var rows: [NodeRow] = []
        rows.reserveCapacity(snapshot.nodes.count)
        for node in snapshot.nodes {
            let member = believed.removeValue(forKey: node.name)
            let gone = node.state == .killed || node.state == .stopped
            var displayStatus =
                member.map { DisplayStatus(status: $0.status, unreachable: $0.unreachable) } ?? .unknown
            if member == nil, gone || wasMember(node) && !(membership?.members.isEmpty ?? true) {
                displayStatus = .removed
            }
            let isOldest = membership?.oldest.map { $0 == node.node } ?? false
            rows.append(
                NodeRow(
                    name: node.name, number: Self.number(in: node.name), node: node.node.address,
                    displayStatus: displayStatus, status: member?.status, state: node.state, oldest: isOldest,
                    leader: membership?.leader.map { $0 == node.node } ?? false,
                    drained: drained.contains(node.node),
                    phi: gone && displayStatus == .removed ? nil : monitored[node.name]?.phi,
                    threshold: monitored[node.name]?.threshold ?? 8,
                    shards: node.sharding.reduce(0) { $0 + $1.shards.count },
                    entities: node.sharding.reduce(0) { $1.shards.reduce($0) { $0 + $1.entityCount } },
                    rate: feed.rates.rate(of: node.name), version: node.membership.gossipVersion,
                    lag: gone ? nil : -Int(clamping: newestVersion - min(newestVersion, node.membership.gossipVersion)),
                    diverges: !gone && node.membership.gossipVersion == newestVersion
                        && node.membership.digest != newestDigest,
                    seenBy: seen[node.name] ?? 0, observers: alive.count, started: feed.started[node.name]))
        }
        for member in believed.values {
            rows.append(
                NodeRow(
                    name: member.name, number: Self.number(in: member.name),
                    node: member.node.address,
                    displayStatus: DisplayStatus(status: member.status, unreachable: member.unreachable),
                    status: member.status,
                    // An observer of other processes has not heard from it.
                    state: snapshot.observer == nil ? .running : .silent, oldest: membership?.oldest == member.node,
                    leader: membership?.leader == member.node, drained: drained.contains(member.node),
                    phi: monitored[member.name]?.phi,
                    threshold: monitored[member.name]?.threshold ?? 8, shards: 0, entities: 0, rate: 0, version: 0,
                    lag: nil, diverges: false,
                    seenBy: seen[member.name] ?? 0, observers: alive.count, started: nil))
        }
        self.rows = rows.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
    }

    /// The different views of the membership, each with the number of running nodes that have it: in a big cluster that
    /// has converged, there is one.
    private static func views(of nodes: [NodeSnapshot]) -> [(view: MembershipSnapshot, holders: Int)] {
        var views: [(view: MembershipSnapshot, holders: Int)] = []
        var indices: [UInt64: Int] = [:]
        for node in nodes {
            let holds = node.state == .running ? 1 : 0
            // Equal digests mean equal views; a node without any has none.
            if let index = indices[node.membership.digest], node.membership.digest != 0 {
                views[index].holders += holds
            } else {
                indices[node.membership.digest] = views.count
                views.append((node.membership, holds))
            }
        }
        return views
    }

    /// Whether a node has the newest version, but different content from the most common one.
    func diverges(_ node: NodeSnapshot) -> Bool {
        node.membership.gossipVersion == newestVersion && node.membership.digest != newestDigest
    }

    /// The content that most nodes with this version have; the preferred one breaks a tie.
    private static func commonest(_ version: UInt64, _ nodes: [NodeSnapshot], preferred: UInt64?) -> UInt64? {
        var counts: [UInt64: Int] = [:]
        for node in nodes where node.membership.gossipVersion == version {
            counts[node.membership.digest, default: 0] += 1
        }
        func weight(_ entry: (key: UInt64, value: Int)) -> Int { 2 * entry.value + (entry.key == preferred ? 1 : 0) }
        // No two entries are equal, so the order of the dictionary does not matter.
        return counts.max { (weight($0), $1.key) < (weight($1), $0.key) }?.key
    }

    /// The columns of the longest name of a node.
    var nameWidth: Int { rows.reduce(2) { max($0, CharacterWidth.columns(of: $1.name)) } }

    func row(_ name: String?) -> NodeRow? { name.flatMap { name in rows.first { $0.name == name } } }

    /// The number of rows with this status.
    func count(_ displayStatus: DisplayStatus) -> Int {
        rows.reduce(0) { $0 + ($1.displayStatus == displayStatus ? 1 : 0) }
    }

    /// Sorts names by the numbers in them.
    static func inOrder(_ names: [String]) -> [String] {
        names.map { (number: number(in: $0), name: $0) }.sorted { $0 < $1 }.map(\.name)
    }

    /// The number at the end of a node's name; names without one come last.
    static func number(in name: String) -> Int {
        let start = name.utf8.lastIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int(name[(start.map { name.utf8.index(after: $0) } ?? name.startIndex)...]) ?? .max
    }
}
