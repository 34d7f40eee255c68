package import CastyCore
import CastyMembership
import CastyObservability

/// What is known about links and nodes at this moment.
extension Oracle {
    /// Whether the cluster is free of faults at this moment: no node hangs or is slow, no link between running nodes is
    /// faulty, and no node is leaving.
    package func isClean(at now: Instant, ignoringLeavers: Bool = false) -> Bool {
        for incarnation in newest {
            switch incarnation.state {
            case .frozen, .silent: return false
            case .running:
                if incarnation.steadySince > now || !ignoringLeavers && incarnation.leaveAskedAt != nil { return false }
            case .killed, .stopped: break
            }
        }
        return links.allSatisfy { direction, link in
            link.cutSince == nil && !link.isShaped && link.cleanSince <= now
                || !isRunning(direction.from) || !isRunning(direction.to)
        }
    }

    /// Whether the cluster is free of faults and the effects of all earlier ones must be over: the quiet point has
    /// passed.
    package func isSettled(at now: Instant) -> Bool {
        guard settings.minMembers == 1, settings.minMembersOfRole.isEmpty, now >= settledBy else { return false }
        return !mayBeHeldUp && isClean(at: now)
    }

    /// Whether a dead member may stay for good and block everything that needs agreement, because only an operator
    /// removes it.
    package var mayBeHeldUp: Bool { settings.strategy == .manual && !isFaultless }

    /// Since when the link between two nodes works in both directions; `nil` if it does not.
    package func cleanSince(_ first: Int, _ second: Int) -> Instant? {
        var since = Instant.start
        for direction in [
            TestCluster.Direction(from: first, to: second), TestCluster.Direction(from: second, to: first),
        ] {
            guard let link = links[direction] else { continue }
            if link.cutSince != nil || link.isShaped { return nil }
            since = max(since, link.cleanSince)
        }
        return since
    }

    /// When the lost connections between two nodes must be open again, without delayed bytes.
    package func reconnected(_ first: Int, _ second: Int) -> Instant {
        max(
            link(TestCluster.Direction(from: first, to: second)).reconnectsBy,
            link(TestCluster.Direction(from: second, to: first)).reconnectsBy)
    }

    /// Since when at least one direction between two nodes is cut; `nil` if neither is.
    package func cutSince(_ first: Int, _ second: Int) -> Instant? {
        let forth = links[TestCluster.Direction(from: first, to: second)]?.cutSince
        let back = links[TestCluster.Direction(from: second, to: first)]?.cutSince
        return [forth, back].compactMap(\.self).min()
    }

    /// Whether both directions between two nodes are cut.
    package func isSevered(_ first: Int, _ second: Int) -> Bool {
        links[TestCluster.Direction(from: first, to: second)]?.cutSince != nil
            && links[TestCluster.Direction(from: second, to: first)]?.cutSince != nil
    }

    /// Whether anything other than a cut slows or loses bytes between two nodes.
    package func isShaped(_ first: Int, _ second: Int, at now: Instant) -> Bool {
        [TestCluster.Direction(from: first, to: second), TestCluster.Direction(from: second, to: first)].contains {
            guard let link = links[$0] else { return false }
            return link.isShaped || link.cleanSince > now
        }
    }

    private func isRunning(_ number: Int) -> Bool {
        current[number].map { incarnations[$0].state == .running } ?? false
    }
}
