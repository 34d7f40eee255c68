import CastyCore
import CastyObservability

extension AssociationState {
    /// Where an association stands with the table of its node.
    ///
    /// ```
    ///              idle for long, crowded out, or its observer is gone
    ///  attached ──────────────────────────────────────────────────────▶ detached
    ///     │  ▲                         used again                          │
    ///     │  └─────────────────────────────────────────────────────────────┘
    ///     │  the node stops
    ///     └─────────────────▶ closing
    /// ```
    ///
    /// Once it is closing, the table neither drops it nor puts it back.
    enum Lifecycle: Sendable {
        case attached
        /// Removed from the table. A holder must attach it again before use.
        case detached
        /// Takes nothing new. Closed permanently when both lanes are.
        case closing
    }

    /// How long an association exists, and to what its queued bytes count.
    enum Tenure: Sendable {
        /// As long as the member does.
        case member
        /// Until it is idle. `idleSweeps` is the number of sweeps in a row that found it so, and `charged` how many of
        /// the queued bytes are taken from the budget that all non-members share.
        case nonMember(idleSweeps: Int, charged: Int)

        var isMember: Bool {
            switch self {
            case .member: true
            case .nonMember: false
            }
        }

        var charged: Int {
            switch self {
            case .member: 0
            case .nonMember(_, let charged): charged
            }
        }

        mutating func charge(_ bytes: Int) {
            guard case .nonMember(let sweeps, let charged) = self else { return }
            self = .nonMember(idleSweeps: sweeps, charged: charged + bytes)
        }

        mutating func setMember(_ isMember: Bool) {
            self = isMember ? .member : .nonMember(idleSweeps: 0, charged: charged)
        }

        /// Counts a sweep. Returns how many in a row have found the association idle.
        mutating func sweep(isIdle: Bool) -> Int {
            guard case .nonMember(let sweeps, let charged) = self else { return 0 }
            let now = isIdle ? sweeps + 1 : 0
            self = .nonMember(idleSweeps: now, charged: charged)
            return now
        }
    }
}

/// How an association ends, and which resources it may use until then.
extension AssociationState {
    mutating func setMember(_ isMember: Bool) {
        if isMember { nonMemberBudget.giveBack(tenure.charged) }
        tenure.setMember(isMember)
    }

    /// Takes the bytes of a message to a non-member out of the budget that all non-members share.
    mutating func charge(_ bytes: Int, _ lane: FrameLane) -> Bool {
        let isInLimits =
            switch lane {
            case .control: control.isActive || control.queue.has(roomFor: bytes, in: settings.nonMemberQueue)
            case .user: user.isActive || user.queue.has(roomFor: bytes, in: settings.nonMemberQueue)
            }
        guard isInLimits else { return false }
        return take(bytes + QueuedFrame.overhead)
    }

    /// Takes bytes for a non-member out of the budget.
    mutating func take(_ bytes: Int) -> Bool {
        guard nonMemberBudget.take(bytes, holding: tenure.charged) else { return false }
        tenure.charge(bytes)
        return true
    }

    /// Takes bytes for what a non-member must get.
    mutating func force(_ bytes: Int) {
        nonMemberBudget.force(bytes)
        tenure.charge(bytes)
    }

    /// Whether more answers wait for a peer that is no node than it may have before it reads them.
    ///
    /// - Parameter isHeld: Whether nothing is read from it; then fewer bytes count.
    func isBehind(_ link: Link, isHeld: Bool) -> Bool {
        let queued =
            (control.isServed(by: link) ? control.queue.cost : 0) + (user.isServed(by: link) ? user.queue.cost : 0)
        // Programs that do not read leave most of the budget to those that do.
        let left = max(settings.nonMemberBytes / 4 - nonMemberBudget.taken, 0)
        return queued > min(settings.clientBacklog, left / 8) / (isHeld ? 2 : 1)
    }

    /// Returns the bytes that are no longer queued to the budget.
    mutating func settle() {
        let surplus = tenure.charged - control.queue.cost - user.queue.cost - signals.bytes - held.bytes
        guard surplus > 0 else { return }
        tenure.charge(-surplus)
        nonMemberBudget.giveBack(surplus)
    }

    /// Whether nothing is under way or queued, here or at the peer, as far as this node knows.
    var isIdle: Bool {
        guard !isMember, !isKept, !isClosing, signals.isEmpty, watches.isEmpty, probeConnections.isEmpty else {
            return false
        }
        return Self.lanes.allSatisfy { lane in
            guard case .idle = self[lane].phase else { return false }
            return self[lane].queue.isEmpty && !self[lane].flushing.isOn
        }
    }

    /// Whether a sweep should drop this association.
    mutating func isDue(atOnce: Bool) -> Bool {
        let isIdle = isIdle
        if isIdle, atOnce { return identity.removed == nil }
        let sweeps = tenure.sweep(isIdle: isIdle)
        return isIdle && sweeps >= (identity.removed == nil ? 2 : 20)
    }

    mutating func detach(where condition: (AssociationState) -> Bool) -> Bool {
        guard condition(self) else { return false }
        lifecycle = .detached
        // What it still holds, such as watches of an idle peer, is dropped with it.
        nonMemberBudget.giveBack(tenure.charged)
        tenure.charge(-tenure.charged)
        return true
    }

    var mayBeCrowdedOut: Bool { !isMember && !isKept && watches.isEmpty }

    /// Ends the association because other non-members need the room.
    mutating func crowdedOut() -> [Effect] {
        var effects = endProbeConnections()
        for lane in Self.lanes {
            if case .active(let link) = self[lane].phase { effects.append(.reset(link)) }
            if case .dialling(let link) = self[lane].phase { effects.append(.reset(link)) }
            self[lane].phase = .idle
            self[lane].isWriteRequested = false
        }
        signals = SignalWindow()
        effects += endWatches(keepingLatest: false) + endHeld()
        effects += purge(.unreachable, onlyNumbered: false)
        return effects + [.changed]
    }
}
