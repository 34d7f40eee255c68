/// A mark, letter or short word that can stand on the screen, and what it means: a line of the help.
struct Sign: Hashable, Sendable {
    var sign: String
    var meaning: String
    /// The panes in which it stands; `nil` for all.
    var panes: Set<Pane>?

    init(_ sign: String, _ meaning: String, in panes: Set<Pane>? = nil) {
        self.sign = sign
        self.meaning = meaning
        self.panes = panes
    }
}

/// Every sign of the console that is no plain word, beside the frames of its panes.
enum SignTable {
    static let signs: [Sign] = status + members + phi + shards + network + gossip + events + flow + general

    private static let status: [Sign] =
        DisplayStatus.allCases.map { Sign($0.mark, "a member that is \(meaning(of: $0))", in: [.members, .gossip]) }

    private static func meaning(of status: DisplayStatus) -> String {
        switch status {
        case .up: "up"
        case .unreachable: "unreachable: a node hears nothing of it"
        case .joining: "joining"
        case .leaving: "leaving"
        case .exiting: "exiting, the last step before it is removed"
        case .down: "down: it never returns, its address may"
        case .removed: "removed"
        case .unknown: "not in this view"
        }
    }

    private static let members: [Sign] = [
        Sign("▸", "the cursor", in: [.members, .shards, .network]),
        Sign("•", "marked (Space)", in: [.members]),
        Sign("★", "the oldest member, which coordinates", in: [.members]),
        Sign("◆", "the leader, which lets members in and out", in: [.members]),
        Sign("▽", "drained: it hosts no shards", in: [.members]),
        Sign("†", "dead: its process has ended", in: [.members, .phi]),
        Sign("‖", "frozen: alive but silent", in: [.members]),
        Sign("≠", "the newest version, but other content", in: [.members, .gossip]),
        Sign("PHI", "suspicion: from the threshold on it counts as unreachable", in: [.members]),
        Sign("SHD ENT", "shards and entities that it hosts", in: [.members]),
        Sign("ENV/S", "envelopes handled in a second", in: [.members]),
        Sign("VER LAG", "the version of its view, and how far behind the newest it is", in: [.members]),
        Sign("SEEN", "how many running nodes see it as reachable, of how many", in: [.members]),
        Sign("UP", "how long it has run", in: [.members]),
        Sign("↑ ↓", "sorted by this column, upwards or downwards", in: [.members]),
    ]

    private static let phi: [Sign] = [
        Sign("▁▂▃▄▅▆▇█", "phi over time, a column for a quarter of a second", in: [.phi]),
        Sign("!", "suspected from here on", in: [.phi]),
        Sign("■", "removed from the cluster here", in: [.phi]),
        Sign("┈", "the threshold", in: [.phi]),
        Sign("thr", "the threshold of phi", in: [.phi]),
        Sign("sd", "the standard deviation of the pauses between heartbeats", in: [.phi]),
    ]

    private static let shards: [Sign] = [
        Sign("1…9 a…z A…Z α…", "the owner of a shard, as below the grid: n1…n9, n10…n35, n36 on", in: [.shards]),
        Sign("░▒▓█", "the load of a shard, from little to most", in: [.shards]),
        Sign("⇄", "a shard that moves", in: [.shards, .events]),
        Sign("!", "a shard whose owner cannot be reached", in: [.shards]),
        Sign("··", "a shard that was never needed", in: [.shards]),
        Sign("?·", "a shard that is needed and has no home", in: [.shards]),
        Sign("▏▎▍▌▋▊▉█", "the owner's part of the shards", in: [.shards]),
        Sign("e", "entities, after a number", in: [.shards]),
        Sign("skew", "the most shards of one owner over the mean", in: [.shards]),
        Sign("hot", "the shard with the most envelopes", in: [.shards]),
    ]

    private static let network: [Sign] = [
        Sign("ok", "connected", in: [.network]), Sign("XX", "cut", in: [.network]),
        Sign("††", "an end is dead", in: [.network]), Sign("‖‖", "an end is frozen", in: [.network]),
        Sign("5%", "loses that share", in: [.network]), Sign("50ms", "delays by that time", in: [.network]),
        Sign("..", "is being connected", in: [.network]), Sign("wt", "waits to connect again", in: [.network]),
        Sign("-", "no connection was needed", in: [.network]), Sign("·", "a node itself", in: [.network]),
    ]

    private static let gossip: [Sign] = [
        Sign("·", "behind the newest known", in: [.gossip]),
        Sign("= < >", "a vector clock equal to the observer's, older, newer", in: [.gossip]),
        Sign("<>", "concurrent: each knows what the other lacks", in: [.gossip]),
        Sign("A B C…", "digests: equal letters mean equal views", in: [.gossip]),
    ]

    private static let events: [Sign] = [
        Sign(">", "a node starts, joins", in: [.events]), Sign("+", "up, reachable again, as expected", in: [.events]),
        Sign("x", "killed", in: [.events]), Sign("z", "frozen", in: [.events]),
        Sign("~", "thawed; suspected", in: [.events]), Sign("-", "stopped, removed", in: [.events]),
        Sign("/", "a link is cut", in: [.events]), Sign("=", "a link is healed", in: [.events]),
        Sign("%", "a link is slow or loses", in: [.events]), Sign("<", "leaving, exiting", in: [.events]),
        Sign("#", "down, or a decision about it; a second cluster", in: [.events]),
        Sign("!", "unreachable; without a home; not as expected", in: [.events]),
        Sign("★", "leads, coordinates", in: [.events]), Sign(".", "converged", in: [.events]),
        Sign("·", "a shard, an entity, a note", in: [.events]), Sign("✕", "a message was lost", in: [.events]),
        Sign("×", "number of events of the kind", in: [.events]), Sign("←", "its cause", in: [.events, .why]),
        Sign("┈", "a time without events", in: [.events]),
    ]

    private static let flow: [Sign] = [
        Sign("├─▶ ◀─┤", "a message from its sender to its receiver", in: [.flow]),
        Sign("┈", "a message under way", in: [.flow]), Sign("✕", "lost here", in: [.flow]),
    ]

    private static let general: [Sign] = [
        Sign("▶", "time passes, at this speed"), Sign("‖ PAUSED", "time stands still"),
        Sign("›", "the speed that this machine reaches"), Sign("●", "recording"),
        Sign("│", "between parts of a line"), Sign("→", "from, to; then"),
        Sign("↑ ↓ ← →", "more that way"), Sign("…", "cut off, or under way"), Sign("≥", "at least this level"),
        Sign("±", "more or less"),
    ]

    /// The signs of a pane, its own first.
    static func signs(in pane: Pane) -> [Sign] {
        let fitting = signs.filter { $0.panes?.contains(pane) ?? true }
        let others = signs.filter { $0.panes.map { !$0.contains(pane) } ?? false }
        return fitting.filter { $0.panes != nil } + fitting.filter { $0.panes == nil } + others
    }
}
