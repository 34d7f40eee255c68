import CastyCore
import CastyObservability
import CastyPlacement
import CastyTestbed

extension NodeView {
    /// Whether its entities may act: it is running, and its lease is valid by its own clock, which may be wrong.
    fileprivate func mayAct(_ part: ShardingSnapshot) -> Bool {
        state == .running && part.leaseUntil.map { $0 > ownTime } ?? true
    }
}

/// S2: a shard runs on at most one node that may act.
struct OneOwner: InvariantChecker {
    static let ids = ["S2"]
    static let subject = CheckedSubject.sharding

    private struct Shard: Hashable {
        let type: String
        let number: Int
    }

    /// The node on which each shard was last seen.
    private var latest: [Shard: String] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var owners: [Shard: String] = [:]
        var found: [Violation] = []
        for view in moment.views {
            for part in view.sharding where view.mayAct(part) {
                for shard in part.shards where shard.state == .running {
                    let key = Shard(type: part.type, number: shard.shard)
                    if let other = owners[key] {
                        found.append(
                            Violation(
                                id: "S2", subject: view.name, entity: "\(part.type) shard \(shard.shard)",
                                text: "it runs on \(other) and on \(view.name)"))
                    }
                    owners[key] = view.name
                    // Two owners are possible only if a shard changes its owner.
                    if let before = latest.updateValue(view.name, forKey: key), before != view.name {
                        exercised = ["S2"]
                    }
                }
            }
        }
        return found
    }
}

/// S3: at most one coordinator of each type may act at a time, and no two ever share an epoch.
struct OneCoordinator: InvariantChecker {
    static let ids = ["S3"]
    // A node loses the right to act by time alone, and never gains it so.
    static let subject = CheckedSubject.sharding

    private struct Epoch: Hashable {
        let type: String
        let number: UInt64
    }

    private var epochs: [Epoch: UniqueAddress] = [:]
    /// The node that last coordinated each type.
    private var latest: [String: UniqueAddress] = [:]
    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var acting: [String: String] = [:]
        var found: [Violation] = []
        // When no node is left that knew an epoch, a new cluster starts with the first epoch again.
        let alive = Set(moment.views.map(\.node))
        epochs = epochs.filter { alive.contains($0.value) }
        for view in moment.views {
            for part in view.sharding {
                guard let coordinator = part.coordinating else { continue }
                let epoch = Epoch(type: part.type, number: coordinator.epoch)
                if let other = epochs[epoch], other != view.node {
                    found.append(
                        Violation(
                            id: "S3", subject: view.name,
                            text: "\(other) has coordinated \(part.type) in the epoch \(coordinator.epoch) before"))
                }
                epochs[epoch] = view.node
                if let before = latest.updateValue(view.node, forKey: part.type), before != view.node {
                    exercised = ["S3"]
                }
                guard coordinator.state == .running, view.mayAct(part) else { continue }
                if let other = acting[part.type] {
                    found.append(
                        Violation(
                            id: "S3", subject: view.name, text: "\(other) and \(view.name) both coordinate \(part.type)"
                        ))
                }
                acting[part.type] = view.name
            }
        }
        return found
    }
}

/// S0, S12: an entity runs in the shard that its name determines, and only where that shard runs.
struct EntitiesAtHome: InvariantChecker {
    static let ids = ["S12"]
    static let subject = CheckedSubject.sharding

    private var hosts: [String: UniqueAddress] = [:]
    private(set) var exercised: Set<String> = []

    /// Exercised when an entity is seen on another node than before.
    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views {
            for part in view.sharding {
                for shard in part.shards {
                    for entity in shard.entities {
                        if let before = hosts.updateValue(view.node, forKey: entity.id), before != view.node {
                            exercised = ["S12"]
                        }
                    }
                    let misplaced = shard.entities.first {
                        StableHash.shard(of: $0.id, count: part.shardCount) != shard.shard
                    }
                    guard let misplaced else { continue }
                    found.append(
                        Violation(
                            id: "S12", subject: view.name, entity: misplaced.id,
                            text: "it is in shard \(shard.shard), which is not its own"))
                }
            }
        }
        return found
    }
}
