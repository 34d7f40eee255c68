import CastyCore
import CastyObservability

extension FaultStory {
    /// With nothing new for this long, a story ends.
    private static let patience: Duration = .seconds(60)
    /// Shards that got no home for this long after the others wait for their next message.
    private static let settling: Duration = .seconds(5)
    /// How long a node that came is given to get shards.
    private static let arriving: Duration = .seconds(20)

    /// Takes in a snapshot: ends the story when its consequences have ended.
    mutating func on(_ snapshot: ClusterSnapshot) {
        guard isOpen else { return }
        next = has(.decided) || has(.down) || fault.isArrival ? nil : announced(snapshot)
        if isOver(snapshot) {
            ended = max(snapshot.time, changed)
        } else if snapshot.time - changed > Self.patience {
            ended = snapshot.time
            isUnfinished = true
        }
    }

    private func isOver(_ snapshot: ClusterSnapshot) -> Bool {
        let quiet = snapshot.time - changed
        switch fault {
        case .added, .restarted:
            guard has(.up), isSettled(snapshot) else { return false }
            return quiet > (homes.isEmpty ? Self.arriving : Self.settling)
        case .drained: return homes.count >= orphans.count || quiet > Self.settling
        case .moved: return homes.count >= orphans.count || quiet > Self.arriving
        case .leaving: return has(.stopped) && haveHomes(at: snapshot.time)
        case .killed, .stopped:
            return victims.allSatisfy { !isMember($0, snapshot) } && haveHomes(at: snapshot.time) && isSettled(snapshot)
        case .frozen, .silent, .cut:
            if isGone { return isOverWithRemoval(snapshot) }
            let isMended = fault == .cut ? openLinks.isEmpty : fault == .silent || has(.thawed)
            return isMended && (!has(.unreachable) || has(.reachable)) && isSettled(snapshot)
        }
    }

    private func isOverWithRemoval(_ snapshot: ClusterSnapshot) -> Bool {
        has(.removed) && haveHomes(at: snapshot.time) && isSettled(snapshot)
    }

    /// Whether every shard has a new home that gets one without a message.
    private func haveHomes(at now: Instant) -> Bool {
        if orphans.isSubset(of: homes.keys) { return true }
        let waited = step(.awaitsLease)?.until ?? changed
        return now - max(waited, changed) > Self.settling
    }

    /// Whether all nodes that the story leaves in the cluster have one view, and see no other node as unreachable.
    private func isSettled(_ snapshot: ClusterSnapshot) -> Bool {
        snapshot.nodes.allSatisfy { node in
            node.state != .running || isRemoved(node.name) || node.membership.converged
        }
    }

    /// Whether a node was removed, and has not come back.
    private func isRemoved(_ name: String) -> Bool { isGone && !fault.isArrival && victims.contains(name) }

    /// Whether the incarnation that the fault hit is still a member in the view of a running node.
    private func isMember(_ name: String, _ snapshot: ClusterSnapshot) -> Bool {
        guard !has(.removed) || step(.removed)?.nodes.contains(name) == false else { return false }
        return snapshot.nodes.contains { node in
            node.state == .running && node.name != name && node.membership.members.contains { $0.name == name }
        }
    }

    /// What a downing strategy would decide about a victim, and when.
    private func announced(_ snapshot: ClusterSnapshot) -> String? {
        for node in snapshot.nodes where node.state == .running {
            guard let downing = node.membership.downing, let due = downing.due, due > snapshot.time else { continue }
            let isOurs = fault == .cut ? isEndpoint(node.name) : !victims.contains(node.name)
            guard isOurs, has(.unreachable) else { continue }
            return "\(downing.strategy) decides at \(Words.moment(due))"
        }
        return nil
    }
}
