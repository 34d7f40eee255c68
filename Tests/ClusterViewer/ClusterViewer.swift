import Casty

/// A small console over a cluster, written with the library alone: it joins as a member that hosts nothing, and shows
/// what its node sees whenever that changes.
///
/// ```
/// swift run ClusterViewer 127.0.0.1:7001 127.0.0.1:7002      # the cluster's seeds
/// swift run ClusterViewer --once                             # a cluster of its own, one picture
/// ```
@main struct ClusterViewer {
    static func main() async throws {
        var seeds = Array(CommandLine.arguments.dropFirst())
        let isOnce = seeds.first == "--once"
        if isOnce { seeds.removeFirst() }
        try await withNode(
            "casty",
            {
                $0.bind = "127.0.0.1:0"
                $0.seeds = .list(seeds)
                $0.roles = ["viewer"]
            }
        ) { node in
            let events = node.cluster.events
            try await node.joined(within: .seconds(60))
            if isOnce { try host(on: node) }
            print(picture(of: node.snapshot()))
            if isOnce { return }
            for await event in events {
                print("\(event)\n\(picture(of: node.snapshot()))")
            }
        }
    }

    /// Something to see in a cluster of its own.
    private static func host(on node: CastyNode) throws {
        try node.host(EntityType("clock", of: Int.self, shards: 8)) { _ in .ignore }
    }

    /// What a node sees, as text.
    static func picture(of snapshot: NodeSnapshot) -> String {
        let view = snapshot.membership
        var lines = [
            "\(snapshot.name)  gossip \(view.gossipVersion), seen by \(view.seenBy.count) of \(view.members.count)"
                + (view.converged ? ", converged" : "")
        ]
        for member in view.members {
            let peer = view.peers.first { $0.node == member.node }
            let phi = peer.map { "phi \(Double(Int($0.phi * 10)) / 10)" } ?? "itself or not monitored"
            let leads = member.node == view.leader ? ", leader" : ""
            let reached = member.unreachable ? ", unreachable" : ""
            lines.append("  \(member.name)  \(member.status)\(leads)\(reached)  \(phi)")
        }
        for type in snapshot.sharding {
            let homes = Dictionary(grouping: type.homes, by: \.node).sorted { $0.key < $1.key }
            let shown = homes.map { "\($0.key.address): \($0.value.count)" }.joined(separator: ", ")
            lines.append("  shards of \(type.type): \(shown.isEmpty ? "no homes yet" : shown)")
        }
        for loss in snapshot.losses {
            lines.append("  lost \(loss.count) of \(loss.lossClass): \(loss.reason), last a \(loss.latestType)")
        }
        return lines.joined(separator: "\n")
    }
}
