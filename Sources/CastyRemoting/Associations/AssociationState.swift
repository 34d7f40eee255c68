import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore

/// The state of an association. Each function decides about one event.
struct AssociationState: Sendable {
    let place: NodeAddress
    let settings: RemotingSettings
    /// This node cannot be dialled: one connection, dialled from here, carries both lanes.
    let dialsOneConnection: Bool
    var control: LaneState
    var user: LaneState
    /// The incarnation that lives there, as far as this node knows.
    var peer: UniqueAddress?
    /// Whether it has answered on a connection that this node dialled.
    var isProven = false
    /// How many times an incarnation has answered that way.
    var proofs: UInt64 = 0
    /// The open question which incarnation lives there, if any.
    var question: AddressQuestion?
    /// The member that the cluster knows at this address.
    var expected: UniqueAddress?
    /// Whether the peer supports calls.
    var isCallable = false
    /// Connections in addition to the standing ones: `calls` were dialled here for a call, `callers` are those on which
    /// the peer calls. The oldest come first.
    var calls: [Link] = []
    var callers: [Link] = []
    /// Former incarnations. Their hellos arrive late and are refused.
    var former: [UInt64] = []
    /// The incarnation that the cluster removed, until another one lives here or is expected.
    var removed: UniqueAddress?
    var signals = SignalWindow()
    var watches = WatchTable()
    /// What the peer watches here.
    var held = HeldWatches()
    var isKept = false
    /// The association of a member exists as long as the member does.
    private(set) var isMember = false
    /// Removed from the table. A holder must attach it again before use.
    var isDetached = false
    /// How many sweeps in a row found it idle.
    private var idleSweeps = 0
    let nonMemberBudget: ByteBudget
    /// How many of the queued bytes are taken from that budget.
    private var charged = 0
    var isClosing = false
    var framesOut: UInt64 = 0
    var generator: SeededGenerator

    init(
        place: NodeAddress, settings: RemotingSettings, dialsOneConnection: Bool = false, nonMemberBudget: ByteBudget,
        generator: SeededGenerator
    ) {
        self.nonMemberBudget = nonMemberBudget
        self.place = place
        self.settings = settings
        self.dialsOneConnection = dialsOneConnection
        self.generator = generator
        control = LaneState(limits: settings.controlQueue)
        user = LaneState(limits: settings.userQueue)
    }

    static let lanes: [FrameLane] = [.control, .user]

    subscript(lane: FrameLane) -> LaneState {
        get {
            switch lane {
            case .control: control
            case .user: user
            }
        }
        _modify {
            switch lane {
            case .control: yield &control
            case .user: yield &user
            }
        }
    }

    /// Whether no node listens at the address: an observer dials and cannot be dialled.
    var cannotBeDialled: Bool { place.port == 0 }

    var isActive: Bool { control.isActive || user.isActive }

    /// Whether a lane needs a connection.
    func wantsConnection(_ lane: FrameLane) -> Bool {
        switch lane {
        case .control: isKept || !control.queue.isEmpty || !signals.isEmpty
        case .user: !user.queue.isEmpty
        }
    }

    /// The next step of a lane that has something to send.
    mutating func nextStep(_ lane: FrameLane) -> NextStep {
        switch self[lane].phase {
        case .active(let link):
            if self[lane].isWriteRequested { return .none }
            self[lane].isWriteRequested = true
            return .write(link)
        case .idle: return cannotBeDialled ? .none : startDialling(lane)
        case .starting, .dialling, .waiting, .closed: return .none
        }
    }

    /// Begins to dial for a lane, or for both where one connection carries both.
    mutating func startDialling(_ lane: FrameLane) -> NextStep {
        guard dialsOneConnection else {
            self[lane].phase = .starting
            return .dial(ConnectionLanes(lane))
        }
        control.phase = .starting
        user.phase = .starting
        return .dial(.both)
    }

    mutating func enqueue(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        _ asker: AnyActorCell?
    ) -> (Delivery, NextStep) {
        if isDetached { return (.unreachable, .moved) }
        if isClosing || (removed != nil && destination.address.uid != 0) { return (.unreachable, .none) }
        let lane = destination.lane
        if cannotBeDialled, !self[lane].isActive { return (.unreachable, .none) }
        if !isMember, !charge(QueuedFrame.bound(payload.readableBytes, destination, asker), lane) {
            return (.bufferFull, .none)
        }
        let delivery =
            switch lane {
            case .control: control.queue.append(destination, codec, lossClass, payload, asker: asker)
            case .user: user.queue.append(destination, codec, lossClass, payload, asker: asker)
            }
        guard case .accepted = delivery else {
            settle()
            return (delivery, .none)
        }
        return (.accepted, nextStep(lane))
    }

    mutating func keep(_ isKept: Bool) -> NextStep {
        self.isKept = isKept
        guard isKept, !isClosing, case .idle = control.phase else { return .none }
        return nextStep(.control)
    }

    /// Removes frames from both lanes, at once or as soon as no connection flushes them.
    mutating func purge(_ reason: LossReason, onlyNumbered: Bool) -> [Effect] {
        let purge = LaneState.Purge(reason: reason, onlyNumbered: onlyNumbered)
        defer { settle() }
        return control.purge(purge) + user.purge(purge)
    }

    /// Drops an incarnation that is gone: its signals, its watches and the messages for its actors.
    ///
    /// - Parameter successor: The incarnation that lives there now. If the cluster expected it, the watches made since
    ///   then belong to it.
    mutating func dropIncarnation(for successor: UniqueAddress? = nil) -> [Effect] {
        signals = SignalWindow()
        var effects = endCalls()
        effects += purge(.wrongIncarnation, onlyNumbered: true)
        effects += endWatches(keepingLatest: successor != nil && successor == expected) + endHeld()
        effects.append(.failAsks)
        return effects
    }

    /// Ends the watches that the peer's actors hold here, because their watchers are gone.
    mutating func endHeld() -> [Effect] { held.removeAll().map { .unwatch($0) } }

    /// Ends watches. The ones that remain are sent to the peer again.
    mutating func endWatches(keepingLatest: Bool) -> [Effect] {
        guard keepingLatest else { return watches.removeAll().map { .terminated($0) } }
        let ended = watches.removeFormer()
        watches.unsay()
        sayWatches()
        return ended.map { .terminated($0) }
    }
}

/// How an association ends, and which resources it may use until then.
extension AssociationState {
    mutating func setMember(_ isMember: Bool) {
        self.isMember = isMember
        idleSweeps = 0
        if isMember {
            nonMemberBudget.giveBack(charged)
            charged = 0
        }
    }

    /// Takes the bytes of a message to a non-member out of the budget that all non-members share.
    private mutating func charge(_ bytes: Int, _ lane: FrameLane) -> Bool {
        if !self[lane].isActive {
            let limits = settings.nonMemberQueue
            guard self[lane].queue.count < limits.count, self[lane].queue.bytes + bytes <= limits.bytes else {
                return false
            }
        }
        guard nonMemberBudget.take(bytes) else { return false }
        charged += bytes
        return true
    }

    /// Returns the bytes that are no longer queued to the budget.
    mutating func settle() {
        let surplus = charged - control.queue.bytes - user.queue.bytes
        guard surplus > 0 else { return }
        charged -= surplus
        nonMemberBudget.giveBack(surplus)
    }

    /// Whether nothing is under way or queued, here or at the peer, as far as this node knows.
    var isIdle: Bool {
        guard !isMember, !isKept, !isClosing, signals.isEmpty, watches.isEmpty, calls.isEmpty, callers.isEmpty else {
            return false
        }
        return Self.lanes.allSatisfy { lane in
            guard case .idle = self[lane].phase else { return false }
            return self[lane].queue.isEmpty && !self[lane].isDrawing
        }
    }

    /// Whether a sweep should drop this association.
    mutating func isDue(atOnce: Bool) -> Bool {
        guard isIdle else {
            idleSweeps = 0
            return false
        }
        if atOnce { return removed == nil }
        idleSweeps += 1
        return idleSweeps >= (removed == nil ? 2 : 20)
    }

    mutating func detach(where condition: (AssociationState) -> Bool) -> Bool {
        guard condition(self) else { return false }
        isDetached = true
        return true
    }

    var mayBeCrowdedOut: Bool { !isMember && !isKept && watches.isEmpty }

    /// Ends the association because other non-members need the room.
    mutating func crowdedOut() -> [Effect] {
        var effects = endCalls()
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

extension ConnectionLanes {
    init(_ lane: FrameLane) {
        switch lane {
        case .control: self = .control
        case .user: self = .user
        }
    }

    // Allocated once, because every written chunk reads them.
    private static let controlAlone: [FrameLane] = [.control]
    private static let userAlone: [FrameLane] = [.user]

    /// The lanes that a connection carries.
    var all: [FrameLane] {
        switch self {
        case .both: AssociationState.lanes
        case .control: Self.controlAlone
        case .user: Self.userAlone
        }
    }

    func contains(_ lane: FrameLane) -> Bool {
        switch self {
        case .both: true
        case .control: lane == .control
        case .user: lane == .user
        }
    }
}
