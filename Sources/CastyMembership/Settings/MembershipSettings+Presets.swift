import CastyCore

extension MembershipSettings {
    /// For a cluster on one machine or in one rack that people watch: failures are noticed within two seconds.
    package static let responsive = MembershipSettings(
        heartbeat: .milliseconds(200), sigmaFloor: .milliseconds(50), pause: .seconds(1), threshold: 8, suspicion: 4,
        samples: 200, monitors: 9, witnesses: 3, lateTolerance: .milliseconds(100), gossip: .milliseconds(200),
        gossipAtOnce: true, gossipFanout: 32, gossipPreferUnseen: 0.8, leaderActions: .milliseconds(200),
        tombstones: .seconds(600), joinRetry: .milliseconds(500), seedProbe: .seconds(2), weaklyUpAfter: .seconds(7),
        minMembers: 1,
        minMembersOfRole: [], exitTimeout: .seconds(3), strategy: .keepMajority(), leaseDelay: .seconds(2),
        leaseTimeout: .seconds(2), leaseHold: .seconds(30), stableAfter: .fixed(.seconds(3)),
        unstableLimit: .seconds(15), removalMargin: .fixed(.seconds(3)), lease: .milliseconds(2900))

    /// For machines in a data centre.
    ///
    /// All who notice a silence do so within 4.6 s, and a change is sent to all members at once, so a view that has been
    /// the same for 6.5 s is complete, in clusters of any size: also a node that finds peers silent, and monitors others
    /// instead, has heard from those by then.
    package static let lan = MembershipSettings(
        heartbeat: .seconds(1), sigmaFloor: .milliseconds(100), pause: .seconds(3), threshold: 8, suspicion: 4,
        samples: 200, monitors: 9, witnesses: 3, lateTolerance: .milliseconds(500), gossip: .seconds(1),
        gossipAtOnce: true, gossipFanout: 32, gossipPreferUnseen: 0.8, leaderActions: .seconds(1),
        tombstones: .seconds(86_400), joinRetry: .seconds(2), seedProbe: .seconds(10), weaklyUpAfter: .seconds(7),
        minMembers: 1,
        minMembersOfRole: [], exitTimeout: .seconds(10), strategy: .keepMajority(), leaseDelay: .seconds(6),
        leaseTimeout: .seconds(5), leaseHold: .seconds(120), stableAfter: .fixed(.milliseconds(6500)),
        unstableLimit: .seconds(60), removalMargin: .fixed(.seconds(7)), lease: .milliseconds(6800))

    /// For machines in several data centres or at home, hundreds of milliseconds apart, over links that lose packets.
    ///
    /// A lost packet delays all that follows it on a connection by a few round trips, and one that is lost several
    /// times by seconds. The accepted pause covers that, and the minimum deviation covers the jitter.
    package static let wan = MembershipSettings(
        heartbeat: .seconds(2), sigmaFloor: .milliseconds(300), pause: .seconds(6), threshold: 8, suspicion: 4,
        samples: 200, monitors: 9, witnesses: 3, lateTolerance: .seconds(1), gossip: .seconds(2),
        gossipAtOnce: true, gossipFanout: 32, gossipPreferUnseen: 0.8, leaderActions: .seconds(1),
        tombstones: .seconds(86_400), joinRetry: .seconds(4), seedProbe: .seconds(20), weaklyUpAfter: .seconds(15),
        minMembers: 1,
        minMembersOfRole: [], exitTimeout: .seconds(20), strategy: .keepMajority(), leaseDelay: .seconds(12),
        leaseTimeout: .seconds(10), leaseHold: .seconds(240), stableAfter: .fixed(.seconds(13)),
        unstableLimit: .seconds(120), removalMargin: .fixed(.seconds(14)), lease: .milliseconds(13_600))
}
