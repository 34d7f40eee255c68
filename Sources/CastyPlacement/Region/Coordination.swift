import CastyCore

/// What a region knows of the coordinator of its type, and how it stands with it.
struct Coordination: Sendable {
    /// How the region stands with the coordinator.
    ///
    /// ```
    ///                            answers: registered
    ///                  ┌────────────────────────────────────────▶ registered
    ///                  │                                              │
    ///  unregistered ───┤◀───── new coordinator, or registers again ───┘
    ///    ▲             │  the type is not hosted there
    ///    │             ├───────────────────────────────▶ notHosted ──▶ registered, refused
    ///    │             │  the shard counts differ
    ///    │             └───────────────────────────────▶ refused ──▶ registered
    ///    │                                                 │
    ///    └──────── new coordinator ────────────────────────┘
    /// ```
    enum Link: Hashable, Sendable {
        case unregistered
        /// Since then the coordinator's node has been reporting that it does not run the type.
        case notHosted(since: Instant)
        /// The coordinator's shard count differs: this region stays out, and does not register again with it.
        /// `notHostedSince` is kept for the next coordinator, which may not run the type either.
        case refused(count: Int, notHostedSince: Instant?)
        case registered
    }

    /// The node that runs the coordinator, or should.
    private(set) var node: UniqueAddress?
    /// The highest epoch seen; orders of lower ones are refused.
    private(set) var epoch = CoordinatorEpoch.none
    /// The coordinator of that epoch: no two coordinators share one.
    private(set) var epochOwner: UniqueAddress?
    private(set) var link = Link.unregistered
    /// The number of the last registration; zero before the first.
    private(set) var registration: UInt64 = 0
    /// When it was last sent.
    var sentAt = Instant.start
    private(set) var intents = Intents()
    /// Operators' commands that have not been answered, by number.
    var commands: [PendingCommand] = []

    var isRegistered: Bool { link == .registered }

    var refusedCount: Int? {
        switch link {
        case .refused(let count, _): count
        case .unregistered, .notHosted, .registered: nil
        }
    }

    var isRefused: Bool { refusedCount != nil }

    var notHostedSince: Instant? {
        switch link {
        case .notHosted(let since): since
        case .refused(_, let since): since
        case .unregistered, .registered: nil
        }
    }

    /// Whether a registration was sent and its answer is still expected.
    var awaitsAnswer: Bool { registration > 0 && !isRegistered && !isRefused }

    /// Whether orders of this epoch from this node count.
    func isCurrent(_ epoch: CoordinatorEpoch, of node: UniqueAddress) -> Bool {
        epoch > self.epoch || (epoch == self.epoch && epochOwner ?? node == node)
    }

    /// In this node's view another member coordinates.
    mutating func expect(_ node: UniqueAddress?) {
        self.node = node
        link = .unregistered
    }

    /// An order of a current epoch has come. Returns whether the epoch is a new one.
    mutating func follow(_ epoch: CoordinatorEpoch, of node: UniqueAddress) -> Bool {
        if epochOwner == nil { epochOwner = node }
        guard epoch > self.epoch else { return false }
        self.epoch = epoch
        epochOwner = node
        self.node = node
        link = notHostedSince.map { .notHosted(since: $0) } ?? .unregistered
        // A new coordinator does not know the commands sent to its predecessor.
        for index in commands.indices { commands[index].repeatAt = nil }
        return true
    }

    /// Begins a registration.
    mutating func register() {
        if isRegistered { link = .unregistered }
        registration += 1
    }

    /// The coordinator has accepted a registration. Returns whether it is the one that is waited for.
    mutating func accepted(_ number: UInt64) -> Bool {
        guard number == registration, !isRegistered else { return false }
        link = .registered
        return true
    }

    /// The coordinator has refused a registration. Returns whether that is news.
    mutating func refused(_ number: UInt64, count: Int) -> Bool {
        guard number == registration, !isRegistered, !isRefused else { return false }
        link = .refused(count: count, notHostedSince: notHostedSince)
        return true
    }

    /// A node reports that it does not run the type. Returns whether it matters.
    mutating func notHosted(by node: UniqueAddress, at now: Instant) -> Bool {
        guard node == self.node else { return false }
        switch link {
        case .registered: return false
        case .unregistered: link = .notHosted(since: now)
        case .refused(let count, nil): link = .refused(count: count, notHostedSince: now)
        case .notHosted, .refused: break
        }
        return true
    }

    mutating func learn(_ intents: Intents) {
        if intents.version > self.intents.version { self.intents = intents }
    }
}
