import CastyActors
import CastyInspection
import CastyPrimitives
import CastyScenario
import CastySharding

extension Laboratory {
    /// How many shards each up node hosts may differ by so much, and every shard that was ever spoken to must run on one of them.
    func judgeBalance(by difference: Int) -> Verdict {
        let nodes = running.filter { $0.isUp && !drained.contains($0.system.unique) }
        guard !nodes.isEmpty else { return .unmet("no node is up") }
        return .all(
            SampleEntity.allCases.map { sample in
                let hosts = nodes.filter { $0.mayHost(sample, in: settings) }
                return judgeBalance(of: sample, hosts.map(\.snapshot), by: difference)
            })
    }

    private func judgeBalance(of sample: SampleEntity, _ views: [NodeSnapshot], by difference: Int) -> Verdict {
        let type = sample.rawValue
        var counts: [(name: String, count: Int)] = []
        var hosts: [Int: String] = [:]
        var known = used[sample] ?? []
        for view in views {
            guard let part = view.sharding.first(where: { $0.type == type }) else { continue }
            for shard in part.shards {
                if let other = hosts[shard.shard] {
                    return .unmet("shard \(shard.shard) of \(type) runs on \(other) and on \(view.name)")
                }
                guard shard.state == "running" else {
                    return .unmet("shard \(shard.shard) of \(type) on \(view.name) is \(shard.state)")
                }
                hosts[shard.shard] = view.name
            }
            known.formUnion(part.homes.map(\.shard))
            counts.append((view.name, part.shards.count))
        }
        if let homeless = known.filter({ hosts[$0] == nil }).min() {
            return .unmet("shard \(homeless) of \(type) runs nowhere")
        }
        let (least, most) = (counts.map(\.count).min() ?? 0, counts.map(\.count).max() ?? 0)
        if most - least <= difference { return .met }
        return .unmet("shards of \(type): " + counts.map { "\($0.name) \($0.count)" }.joined(separator: ", "))
    }

    func judge(shard: Int, on name: NodeName) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        var places: [String] = []
        var isThere = false
        for viewer in running {
            for part in viewer.snapshot.sharding {
                guard let found = part.shards.first(where: { $0.shard == shard }) else { continue }
                if viewer === node, found.state == "running" {
                    isThere = true
                } else {
                    places.append("\(viewer.name) (\(part.type), \(found.state))")
                }
            }
        }
        if isThere, places.isEmpty { return .met }
        return .unmet("shard \(shard): " + (places.isEmpty ? "nowhere" : places.joined(separator: ", ")))
    }

    func judge(entity: String, on name: NodeName) -> Verdict {
        guard nodes[name.number] != nil else { return .unmet("\(name) was never started") }
        let type = EntityName.type(of: entity)
        let places = running.filter { $0.sharding.hosts(entity, type: type) }.map(\.name)
        if places == [name.description] { return .met }
        return .unmet("\(entity): " + (places.isEmpty ? "nowhere" : places.joined(separator: ", ")))
    }
}
