import CastyCore

extension MembershipSettings {
    /// The settings that must be the same on all nodes of a cluster, because safety depends on them across nodes: a
    /// lease must be shorter than every other node's margin, a vote must count as long for the voter as for the
    /// candidate, and all nodes must notice, decide and forget at the same pace.
    var shared: [SharedSetting] {
        func setting(_ name: String, _ value: Duration) -> SharedSetting { SharedSetting(name, Self.seconds(value)) }
        let roles = minMembersOfRole.map { "\($0.role):\($0.count)" }.sorted().joined(separator: ",")
        return [
            SharedSetting("downing", downingName),
            setting("heartbeat", heartbeat),
            setting("sigma-floor", sigmaFloor),
            setting("pause", pause),
            SharedSetting("threshold", "\(threshold)"),
            SharedSetting("monitors", "\(monitors)"),
            setting("late-tolerance", lateTolerance),
            setting("gossip", gossip),
            setting("leader-actions", leaderActions),
            setting("tombstones", tombstones),
            setting("join-retry", joinRetry),
            setting("seed-probe", seedProbe),
            SharedSetting("second-clusters", endsSecondClusters ? "end" : "report"),
            setting("weakly-up-after", weaklyUpAfter),
            SharedSetting("min-members", "\(minMembers)" + (roles.isEmpty ? "" : ",\(roles)")),
            setting("exit-timeout", exitTimeout),
            setting("lease-delay", leaseDelay),
            setting("lease-timeout", leaseTimeout),
            setting("lease-hold", leaseHold),
            SharedSetting("stable-after", Self.text(stableAfter)),
            setting("unstable-limit", unstableLimit),
            SharedSetting("removal-margin", Self.text(removalMargin)),
            setting("lease", lease),
        ]
    }

    private static func text(_ period: StabilityPeriod) -> String {
        switch period {
        case .fixed(let duration): seconds(duration)
        case .bySize: "by-size"
        }
    }

    /// A duration as text for comparison: in whole milliseconds where it has no smaller part.
    private static func seconds(_ duration: Duration) -> String {
        let nanoseconds = duration.nanoseconds
        return nanoseconds % 1_000_000 == 0 ? "\(nanoseconds / 1_000_000)ms" : "\(nanoseconds)ns"
    }
}
