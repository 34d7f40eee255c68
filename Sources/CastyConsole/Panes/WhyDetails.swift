import CastyCore
import CastyObservability
import CastyReporting

/// All that is known of a node or of a shard, without causes.
enum WhyDetails {
    static func lines(node name: String, _ scene: Scene) -> [WhyPane.Line] {
        guard let node = scene.snapshot.nodes.last(where: { $0.name == name }), let row = scene.reading.row(name) else {
            return [.init("", "\(name) is not known", .dim)]
        }
        let member = scene.reading.observer?.membership.members.last { $0.name == name }
        var lines: [WhyPane.Line] = [
            .init(
                "", "\(name): \(scene.words(.displayStatus(row.displayStatus))), \(scene.words(.node(node.state)))",
                .strong),
            .init("address", "\(node.node)"),
            .init("roles", member.map { $0.roles.isEmpty ? "none" : $0.roles.joined(separator: " ") } ?? "-"),
            .init("age", member?.upNumber.map { "number \($0) of those that came up" } ?? "not up yet"),
            .init("runs", row.started.map { "since \(Words.moment($0))" } ?? "-"),
            .init(
                "actors",
                "\(node.actors.live) live, \(node.actors.queued) messages queued, \(Words.rough(node.actors.handled)) handled, \(node.actors.asksPending) asks wait"
            ),
            .init("view", "version \(node.membership.gossipVersion), \(node.membership.members.count) members"),
            .init("monitors", list(node.membership.peers.map(\.name))),
        ]
        for region in node.sharding {
            let entities = region.shards.reduce(0) { $0 + $1.entityCount }
            let lease = region.leaseUntil.map { ", lease until \(Words.moment($0))" } ?? ""
            lines.append(
                .init(
                    region.type,
                    "\(Words.count(region.shards.count, "shard")), \(Words.count(entities, "entity")), \(region.buffered) envelopes wait\(lease)"
                ))
        }
        let links = Dictionary(grouping: node.associations, by: \.state)
        for state in AssociationCondition.allCases {
            guard let those = links[state] else { continue }
            lines.append(.init(scene.words(.association(state)), list(those.map(\.peerName)), .dim))
        }
        for loss in node.losses where loss.count > 0 {
            lines.append(.init("lost", "\(loss.count): \(loss.reason.word)", .eventWarning))
        }
        lines.append(.init("you", "w why is it so · Esc back"))
        return lines
    }

    static func lines(shard number: Int, _ scene: Scene) -> [WhyPane.Line] {
        guard let shards = scene.shards, shards.cells.indices.contains(number) else {
            return [.init("", "shard \(number) is not known", .dim)]
        }
        let cell = shards.cells[number]
        var lines: [WhyPane.Line] = [
            .init("", "shard \(number) of \(shards.type)", .strong),
            .init("owner", cell.owner ?? "none"),
            .init(
                "state", cell.state.map { scene.words(.shard($0)) } ?? (cell.owner == nil ? "no home" : "not hosted")),
            .init("load", "\(Words.count(cell.entities, "entity")), \(Words.short(cell.rate)) envelopes a second"),
            .init("handled", "\(Words.rough(cell.handled)) since it started there"),
        ]
        for entity in cell.listed {
            let idle = Words.age(scene.snapshot.time - entity.lastUsed)
            lines.append(
                .init(
                    "", "\(entity.id)  \(scene.words(.entity(entity.state)))  \(entity.handled) handled  idle \(idle)",
                    .dim))
        }
        if cell.entities > cell.listed.count {
            lines.append(.init("", "… \(cell.entities - cell.listed.count) more", .faint))
        }
        let keys = scene.state.keys
        let move = scene.state.mode.changesCluster ? "\(keys.name(of: .prompt(.moveShard))) move it · " : ""
        lines.append(
            .init("you", "\(move)\(keys.name(of: .why)) why is it there · \(keys.name(of: .escape)) back"))
        return lines
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : Words.list(ClusterReading.inOrder(names), most: 12)
    }
}
