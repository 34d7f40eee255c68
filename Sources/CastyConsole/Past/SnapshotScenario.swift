import CastyCore
package import CastyObservability
import CastyScenario

/// A scenario that goes on from a snapshot in the simulated world: as many nodes, with their roles and shards, and what
/// had happened to them.
///
/// A snapshot is what some nodes knew: the scenario says in its comments what is known and what is invented.
package struct SnapshotScenario: Sendable {
    /// The most entities that it starts.
    private static let mostEntities = 200

    private struct Node {
        let name: NodeName
        let member: MemberSnapshot
        let state: NodeState
        let silence: String?
    }

    private let snapshot: ClusterSnapshot
    private let title: String
    /// The node whose view of the membership counts.
    private let view: NodeSnapshot?
    private let nodes: [Node]
    /// The members for which a scenario has no name.
    private let surplus: Int

    /// - Parameters:
    ///   - snapshot: The moment.
    ///   - title: The name of the cluster.
    package init(_ snapshot: ClusterSnapshot, title: String) {
        self.snapshot = snapshot
        self.title = title
        let running = snapshot.nodes.filter { $0.state == .running }
        let candidates = running.isEmpty ? snapshot.nodes : running
        view =
            candidates.first { $0.name == snapshot.observer?.contact && !$0.membership.members.isEmpty }
            ?? candidates.first { !$0.membership.members.isEmpty }
        // The oldest becomes n1, which is the oldest of a scenario too; those that are not up yet come last.
        let members = (view?.membership.members ?? []).sorted {
            ($0.upNumber ?? .max, $0.node) < ($1.upNumber ?? .max, $1.node)
        }
        nodes = members.prefix(Scenario.mostNodes).enumerated().map { index, member in
            let known = snapshot.nodes.first { $0.name == member.name }
            let unknown: NodeState = snapshot.observer == nil ? .running : .silent
            return Node(
                name: NodeName(index + 1), member: member, state: known?.state ?? unknown,
                silence: snapshot.observer?.silence(of: member.name))
        }
        surplus = members.count - nodes.count
    }

    /// The scenario, or `nil` if no node knew any member.
    package var text: String? {
        guard let view, !nodes.isEmpty else { return nil }
        let lines = heading(view) + setup(view) + happened() + ["", "# Go on from here.", "wait 60s"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func heading(_ view: NodeSnapshot) -> [String] {
        let clock = snapshot.observer?.clock
        let moment = clock.map { "\($0.day(snapshot.time)) \($0.timeOfDay(snapshot.time)), " } ?? ""
        var lines = [
            "# Goes on in the simulated world from \(moment)\(Words.moment(snapshot.time)) s of the cluster \(title.printable).",
            "# Known, as \(view.name.printable) saw it: the members below with their age, status and roles, the number of shards,",
            "# the pause and the threshold of failure detection, which of them did not answer, and the entities that ran.",
            "# Invented: the network and all chance, what the entities held, where each shard was, and all that no node had reported yet.",
        ]
        for node in nodes {
            let status = node.member.unreachable ? "\(node.member.status), unreachable" : "\(node.member.status)"
            let silence = node.silence.map { ", \($0)" } ?? ""
            lines.append("# \(node.name) was \(node.member.node.address.description.printable): \(status)\(silence)")
        }
        if surplus > 0 { lines.append("# \(surplus) more members have no name in a scenario, and are left out.") }
        return lines
    }

    private func setup(_ view: NodeSnapshot) -> [String] {
        var lines = ["", "seed \(snapshot.seed ?? 1)"]
        if let peer = view.membership.peers.first {
            // The presets differ in their interval, which is measured as the mean of the arrivals.
            if peer.samples > 0 {
                let preset: Preset =
                    switch peer.mean {
                    case ..<(.milliseconds(600)): .responsive
                    case ..<(.milliseconds(1500)): .lan
                    default: .wan
                    }
                lines.append("set preset \(preset.rawValue)    # heartbeats came every \(Words.span(peer.mean))")
            }
            lines.append("set pause \(peer.acceptablePause.scenarioText)")
            if peer.threshold.isFinite, (0.1...300).contains(peer.threshold) {
                lines.append("set threshold \(Thousandths(count: Int64((peer.threshold * 1000).rounded())))")
            }
        }
        if let strategy = view.membership.downing?.strategy, Downing(rawValue: strategy) != nil {
            lines.append("set downing \(strategy)")
        }
        for roles in nodesByRoles() { lines.append("roles \(Self.list(roles.nodes)) \(roles.words)") }
        lines.append("nodes \(nodes.count)")
        let shards = snapshot.nodes.flatMap(\.sharding).map(\.shardCount).filter(Scenario.shardCounts.contains)
        if let count = shards.max() {
            lines.append("shards \(count)")
            if Set(shards).count > 1 {
                lines.append("# The types had different numbers of shards: this is the highest.")
            }
        }
        lines += ["", "expect members \(Self.list(nodes)) up within 120s"]
        return lines + entities()
    }

    /// The nodes that have the same roles, as far as a scenario can name those.
    private func nodesByRoles() -> [(words: String, nodes: [Node])] {
        var groups: [(words: String, nodes: [Node])] = []
        for node in nodes {
            let words = node.member.roles.filter(Self.isWord).sorted().joined(separator: ",")
            if words.isEmpty { continue }
            if let index = groups.firstIndex(where: { $0.words == words }) {
                groups[index].nodes.append(node)
            } else {
                groups.append((words, [node]))
            }
        }
        return groups
    }

    private func entities() -> [String] {
        let all = snapshot.nodes.filter { $0.state != .killed && $0.state != .stopped }.flatMap(\.sharding)
            .flatMap(\.shards)
        let count = all.reduce(0) { $0 + $1.entityCount }
        let names = Set(all.flatMap(\.entities).map(\.id)).sorted().filter(Self.isWord)
        let known = names.filter { $0.hasPrefix("account-") || $0.hasPrefix("counter-") }.prefix(Self.mostEntities)
        var lines = known.map { "spawn \($0)" }
        if count > known.count {
            lines.append(
                "# \(Words.count(count, "entity")) ran; those of types that no scenario has, or not listed, are left out."
            )
        }
        return lines
    }

    /// What had happened: as commands for what a scenario can do, as comments for what it cannot.
    private func happened() -> [String] {
        var lines: [String] = []
        func add(_ verb: String, _ chosen: [Node], _ comment: String) {
            if !chosen.isEmpty { lines.append("\(verb) \(Self.list(chosen))    # \(comment)") }
        }
        func state(_ wanted: NodeState) -> [Node] { nodes.filter { $0.state == wanted } }
        add("freeze", state(.frozen), "frozen")
        add("kill", state(.killed) + state(.stopped), "not running")
        add("kill", state(.silent), "did not answer: whether crashed, hung or cut off is not known")
        let unreachable = nodes.filter { $0.state == .running && ($0.member.unreachable || $0.member.status == .down) }
        for node in unreachable where !snapshot.links.contains(where: \.cut) {
            lines.append("# \(node.name) answered, though other members did not reach it.")
        }
        let leaving = nodes.filter { $0.state == .running && [.leaving, .exiting].contains($0.member.status) }
        add("leave", leaving, "was leaving")
        for link in snapshot.links {
            guard let from = name(of: link.from), let to = name(of: link.to) else { continue }
            if link.cut { lines.append("cut \(from) -> \(to)") }
        }
        return lines.isEmpty ? ["", "# All members ran."] : [""] + lines
    }

    private func name(of node: String) -> NodeName? { nodes.first { $0.member.name == node }?.name }

    private static func list(_ nodes: [Node]) -> String { nodes.map(\.name.description).joined(separator: ",") }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-")
            }
    }
}
