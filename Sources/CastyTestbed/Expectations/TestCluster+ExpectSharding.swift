import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastyScenario
import CastySharding

extension TestCluster {
    /// How the shards are distributed over the nodes that may host them.
    package enum Balance: Hashable {
        /// No shard has a home, and none is needed.
        case noShards
        /// Shards are needed, and no up node may host them.
        case noHosts(String)
        /// Every needed shard runs, and the shard counts differ by no more than the limit; on this number of nodes.
        case even(hosts: Int)
        case uneven(String)
    }

    /// Requires that the shard counts of the up nodes differ by at most `difference`, and that every shard with a home
    /// or a waiting message runs on one of them.
    package func evaluateBalance(by difference: Int) -> Verdict {
        if let verb = pendingVerbs.first { return .unmet("\(verb.word) is not confirmed yet") }
        return switch balance(by: difference) {
        case .noShards: .unmet("no shard has a home yet")
        case .noHosts(let seen), .uneven(let seen): .unmet(seen)
        case .even: .met
        }
    }

    /// The distribution of the shards of all sample types.
    package func balance(by difference: Int) -> Balance {
        let nodes = running.filter(\.isUp)
        guard !nodes.isEmpty else { return .noHosts("no node is up") }
        let views = nodes.map { ShardingView($0) }
        let waiting = tracker.pendingEntities
        let all = SampleEntity.allCases.map { sample in
            let drained = drained(for: sample, in: views)
            let hosts = zip(nodes, views).filter { node, view in
                node.mayHost(sample, in: settings) && !drained.contains(view.node)
            }.map(\.1)
            let wanted = waiting.filter { EntityName.type(of: $0) == sample.rawValue }.map {
                StableHash.shard(of: $0, count: settings.shards)
            }
            return balance(of: sample, hosts, wanted: wanted, by: difference)
        }
        var best = Balance.noShards
        for balance in all {
            switch balance {
            case .uneven, .noHosts: return balance
            case .even: best = balance
            case .noShards: break
            }
        }
        return best
    }

    private func balance(
        of sample: SampleEntity, _ views: [ShardingView], wanted: [Int], by difference: Int
    ) -> Balance {
        let type = sample.rawValue
        var counts: [(name: String, count: Int)] = []
        var hosts: [Int: String] = [:]
        var known = Set(wanted)
        for view in views {
            guard let part = view.sharding.first(where: { $0.type == type }) else { continue }
            for shard in part.shards {
                if let other = hosts[shard.shard] {
                    return .uneven("shard \(shard.shard) of \(type) runs on \(other) and on \(view.name)")
                }
                guard shard.state == .running else {
                    return .uneven("shard \(shard.shard) of \(type) on \(view.name) is \(shard.state)")
                }
                hosts[shard.shard] = view.name
            }
            known.formUnion(part.homes.map(\.shard))
            counts.append((view.name, part.shards.count))
        }
        if known.isEmpty, hosts.isEmpty { return .noShards }
        guard !views.isEmpty else { return .noHosts("no node may host shards of \(type)") }
        if let homeless = known.filter({ hosts[$0] == nil }).min() {
            return .uneven("shard \(homeless) of \(type) runs nowhere")
        }
        let (least, most) = (counts.map(\.count).min() ?? 0, counts.map(\.count).max() ?? 0)
        if most - least <= difference { return .even(hosts: counts.count) }
        return .uneven("shards of \(type): " + counts.map { "\($0.name) \($0.count)" }.joined(separator: ", "))
    }

    func evaluate(shard: Int, on name: NodeName) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        var hosts: [String] = []
        var isThere = false
        for viewer in running {
            for part in viewer.snapshot.sharding {
                guard let found = part.shards.first(where: { $0.shard == shard }) else { continue }
                if viewer === node, found.state == .running {
                    isThere = true
                } else {
                    hosts.append("\(viewer.name) (\(part.type), \(found.state))")
                }
            }
        }
        if isThere, hosts.isEmpty { return .met }
        return .unmet("shard \(shard): " + (hosts.isEmpty ? "nowhere" : hosts.joined(separator: ", ")))
    }

    func evaluate(entity: String, on name: NodeName) -> Verdict {
        guard nodes[name.number] != nil else { return .unmet("\(name) was never started") }
        let type = EntityName.type(of: entity)
        let hosts = running.filter { $0.sharding.hosts(entity, type: type) }.map(\.name)
        if hosts == [name.description] { return .met }
        return .unmet("\(entity): " + (hosts.isEmpty ? "nowhere" : hosts.joined(separator: ", ")))
    }
}

/// What a running node shows of sharding, without the rest of its snapshot.
struct ShardingView {
    let name: String
    let node: UniqueAddress
    let sharding: [ShardingSnapshot]

    init(_ node: TestNode) {
        name = node.name
        self.node = node.system.unique
        sharding = node.system.inspector.shardingSections
    }
}
