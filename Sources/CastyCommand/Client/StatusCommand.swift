import ArgumentParser
import CastyCore
import CastyObservability
import CastyReporting

/// `casty status`: the state of a running node.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print how a running node is doing.",
        discussion: """
            What the node sees: whether it is a member, how many members there are, who leads, who coordinates shards, what was lost. Exits with 69 \
            if it does not answer.

              casty status 127.0.0.1:7001
              casty status 127.0.0.1:7001 --json | jq .unreachable
            """)

    @OptionGroup var asked: AskedNode

    func run() throws {
        let snapshot = try asked.snapshot(for: "status")
        Output.line(asked.options.json ? NodeStatus(snapshot).json : NodeStatus(snapshot).text)
    }
}

/// The figures that summarise a node's state.
struct NodeStatus {
    private let snapshot: NodeSnapshot
    private let me: MemberSnapshot?
    private let unreachable: [MemberSnapshot]

    init(_ snapshot: NodeSnapshot) {
        self.snapshot = snapshot
        me = snapshot.membership.members.first { $0.node == snapshot.node }
        unreachable = snapshot.membership.members.filter(\.unreachable)
    }

    private var lost: UInt64 {
        snapshot.losses.filter { $0.lossClass == .user }.reduce(0) { $0 + $1.count }
    }

    var json: String {
        var line = JSONLine()
        line.add("event", "status")
        line.add("node", snapshot.node.address.description)
        line.add("incarnation", String(snapshot.node.incarnation, radix: 16))
        line.add("status", me?.status.description ?? "not a member")
        line.add("up_s", raw: RuntimeEvent.seconds(snapshot.time))
        line.add("members", snapshot.membership.members.count)
        line.add("up", snapshot.membership.members.count { $0.status == .up })
        line.add("unreachable", unreachable.map(\.node.address.description))
        line.add("leader", snapshot.membership.leader?.address.description)
        line.add("oldest", snapshot.membership.oldest?.address.description)
        line.add("converged", raw: snapshot.membership.converged ? "true" : "false")
        line.add("waiting_for", waitingFor)
        line.add("types", snapshot.sharding.map(\.type))
        line.add("shards", snapshot.sharding.reduce(0) { $0 + $1.shards.count })
        line.add("entities", snapshot.sharding.reduce(0) { $0 + $1.shards.reduce(0) { $0 + $1.entityCount } })
        line.add("unavailable", snapshot.sharding.compactMap { type in type.unavailable.map { "\(type.type): \($0)" } })
        line.add("unplaced", snapshot.sharding.reduce(0) { $0 + $1.unplaced.count })
        line.add("buffered", snapshot.sharding.reduce(0) { $0 + $1.buffered })
        line.add("actors", snapshot.actors.live)
        line.add("queued", snapshot.actors.queued)
        line.add("lost", lost)
        return line.text
    }

    var text: String {
        let membership = snapshot.membership
        var rows = [
            ("node", "\(snapshot.node.address), incarnation \(String(snapshot.node.incarnation, radix: 16))"),
            ("status", me?.status.description ?? "not a member of a cluster yet"),
            (
                "members",
                "\(membership.members.count), \(membership.members.count { $0.status == .up }) up, \(unreachable.count) unreachable"
            ),
            ("leader", membership.leader?.address.description ?? "none"),
            ("view", membership.converged ? "converged" : "not converged" + waiting),
        ]
        if !unreachable.isEmpty {
            rows.append(("unreachable", unreachable.map(\.node.address.description).joined(separator: ", ")))
        }
        for type in snapshot.sharding {
            let entities = type.shards.reduce(0) { $0 + $1.entityCount }
            let coordinator = type.coordinator.map { "coordinator \($0.address)" } ?? "no coordinator known"
            rows.append(
                (
                    type.type,
                    "\(type.shards.count) of \(type.shardCount) shards here, \(entities) entities, \(type.buffered) messages waiting, \(coordinator)"
                        + (type.unplaced.isEmpty ? "" : ", \(type.unplaced.count) wanted shards without a home")
                        + ((type.unavailable ?? type.unplaced.first?.cause).map { ", no home: \($0)" } ?? "")
                        + (type.storeTrouble.map { ", store: \($0.word)" } ?? "")
                ))
        }
        rows.append(("lost", "\(lost) users' messages"))
        return rows.map { "\($0.0)\(String(repeating: " ", count: max(1, 13 - $0.0.count)))\($0.1)" }
            .joined(separator: "\n")
    }

    private var waitingFor: [String] {
        let members = snapshot.membership.members
        return snapshot.membership.waitingFor.map { waiting in
            waiting.word(at: snapshot.time) { node in
                members.first { $0.node == node }?.name ?? node.address.description
            }
        }
    }

    private var waiting: String {
        let waiting = waitingFor
        return waiting.isEmpty ? "" : ": waiting for \(waiting.joined(separator: ", "))"
    }
}
