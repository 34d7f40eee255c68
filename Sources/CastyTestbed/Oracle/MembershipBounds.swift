import CastyCore
package import CastyMembership

/// The time bounds that the liveness invariants are checked against, derived from a cluster's settings and size.
///
/// With H the heartbeat, P the accepted pause, G the gossip interval, S the stability and M the removal margin:
///
/// | bound | is | of |
/// |---|---|---|
/// | ``detection`` | T_FD = 2H + P + y*·σ_max | silence → its observer's mark, if no node reaches the peer |
/// | ``mark`` | T_FD + P | the same, if a witness reaches it |
/// | ``spread`` | T_G = G·(⌈log₂ n⌉ + 4) | one node's news → all nodes that can receive it |
/// | ``convergence`` | T_conv = T_FD + 2·T_G | the last news → one version, seen by all |
/// | ``join`` | 2 attempts + T_conv | a start → up everywhere |
/// | ``leave`` | 6 exit timeouts + T_conv | a leave → removed everywhere; most of it is for shards that move |
/// | ``loss`` | T_FD + P + S + 2·T_G | a death → removed everywhere |
/// | ``recovery`` | reconnect + H + S + 2·T_G | a link or a node that works again → agreement |
/// | ``split`` | S + M + T_conv + P | a clean split → one side at most |
/// | ``secondCluster`` | 12 probe intervals + reconnect + T_conv | two clusters that reach each other → one |
/// | ``decision`` | S + unstable limit + T_G | continuous instability → a decision |
package struct MembershipBounds: Hashable, Sendable {
    package let settings: MembershipSettings
    /// The number of nodes.
    package let size: Int

    package init(_ settings: MembershipSettings, size: Int) {
        self.settings = settings
        self.size = max(size, 2)
    }

    /// The longest pause between two connection attempts, including its random share.
    package static let reconnect = Duration.milliseconds(6500)
    /// The number of deviations beyond the accepted silence at which phi reaches 8; no preset has a higher threshold.
    package static let deviations = 5.61

    package var detection: Duration {
        let deviation = max(settings.sigmaFloor, settings.pause / 4)
        return settings.heartbeat * 2 + settings.pause + deviation * Self.deviations
    }

    package var mark: Duration { detection + settings.pause }

    package var spread: Duration {
        let doublings = Int.bitWidth - (size - 1).leadingZeroBitCount
        return settings.gossip * (doublings + 4)
    }

    package var convergence: Duration { detection + spread * 2 }

    package var join: Duration { settings.joinRetry * 2 + convergence }

    package var leave: Duration { settings.exitTimeout * 6 + convergence }

    package var stability: Duration { settings.stableAfter(members: size) }

    package var loss: Duration { mark + stability + spread * 2 }

    package var recovery: Duration { Self.reconnect + settings.heartbeat + stability + spread * 2 }

    package var split: Duration {
        stability + settings.removalMargin(members: size) + convergence + settings.pause
    }

    package var secondCluster: Duration { settings.seedProbe * 12 + Self.reconnect + convergence }

    package var decision: Duration { stability + settings.unstableLimit + spread }
}
