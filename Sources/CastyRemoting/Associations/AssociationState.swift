import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore

/// What an association knows; each function decides one thing that can happen.
struct AssociationState: Sendable {
    let place: NodeAddress
    let settings: RemotingSettings
    /// This node cannot be dialled: one connection, dialled from here, carries both lanes.
    let dialsOneConnection: Bool
    var control: LaneState
    var user: LaneState
    /// The incarnation that lives there, as far as is known.
    var peer: UniqueAddress?
    /// Whether it has answered on a connection that this node dialled.
    var isProven = false
    /// How often an incarnation has answered so.
    var proofs: UInt64 = 0
    /// What is under way to find out who lives there.
    var question: PlaceQuestion?
    /// The member that the cluster knows there.
    var expected: UniqueAddress?
    /// Whether it knows what a call is.
    var isCallable = false
    /// Connections with it beside those that stand: dialled here for a call, and those on which it calls, the oldest
    /// first.
    var calls: [Link] = []
    var callers: [Link] = []
    /// Former incarnations; what comes from one of them comes late.
    var former: [UInt64] = []
    /// The incarnation that the cluster has removed, until another lives here or is expected.
    var removed: UniqueAddress?
    var signals = SignalWindow()
    var watches = WatchTable()
    /// What the peer watches here.
    var held = HeldWatches()
    var isKept = false
    /// A member's association stands as long as the member does.
    private(set) var isMember = false
    /// Nobody finds it any more; whoever holds it has it put back first.
    var isDetached = false
    /// How many looks in a row found it idle.
    private var idleSweeps = 0
    let strangerBudget: ByteBudget
    /// How many of the bytes that wait are taken from that budget.
    private var charged = 0
    var isClosing = false
    var framesOut: UInt64 = 0
    var generator: SeededGenerator

    init(
        place: NodeAddress, settings: RemotingSettings, dialsOneConnection: Bool = false, strangerBudget: ByteBudget,
        generator: SeededGenerator
    ) {
        self.strangerBudget = strangerBudget
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

    /// Whether nobody listens at the place: an observer dials, and is not dialled.
    var isDeaf: Bool { place.port == 0 }

    var isActive: Bool { control.isActive || user.isActive }

    /// Whether a lane needs a connection.
    func wantsConnection(_ lane: FrameLane) -> Bool {
        switch lane {
        case .control: isKept || !control.queue.isEmpty || !signals.isEmpty
        case .user: !user.queue.isEmpty
        }
    }

    /// What is asked of a lane's connection now that there is something to say.
    mutating func nextStep(_ lane: FrameLane) -> NextStep {
        switch self[lane].phase {
        case .active(let link):
            if self[lane].isWriteRequested { return .none }
            self[lane].isWriteRequested = true
            return .write(link)
        case .idle: return isDeaf ? .none : startDialling(lane)
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
        if isDeaf, !self[lane].isActive { return (.unreachable, .none) }
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

    /// Takes frames out of both lanes, at once or as soon as no connection draws from them.
    mutating func purge(_ reason: LossReason, onlyNumbered: Bool) -> [Effect] {
        let purge = LaneState.Purge(reason: reason, onlyNumbered: onlyNumbered)
        defer { settle() }
        return control.purge(purge) + user.purge(purge)
    }

    /// The incarnation is gone: its signals, its watches, what waits for its actors.
    ///
    /// - Parameter successor: Who lives there now. Where the cluster knew of it, what has been watched since is its.
    mutating func dropIncarnation(for successor: UniqueAddress? = nil) -> [Effect] {
        signals = SignalWindow()
        var effects = endCalls()
        effects += purge(.wrongIncarnation, onlyNumbered: true)
        effects += endWatches(keepingLatest: successor != nil && successor == expected) + endHeld()
        effects.append(.failAsks)
        return effects
    }

    /// Ends the watches of the peer's actors: nobody is left to tell.
    mutating func endHeld() -> [Effect] { held.removeAll().map { .unwatch($0) } }

    /// Ends watches; those that are kept are told to the peer anew.
    mutating func endWatches(keepingLatest: Bool) -> [Effect] {
        guard keepingLatest else { return watches.removeAll().map { .terminated($0) } }
        let ended = watches.removeFormer()
        watches.unsay()
        sayWatches()
        return ended.map { .terminated($0) }
    }
}

/// How an association ends, and what it may cost until then.
extension AssociationState {
    mutating func setMember(_ isMember: Bool) {
        self.isMember = isMember
        idleSweeps = 0
        if isMember {
            strangerBudget.giveBack(charged)
            charged = 0
        }
    }

    /// Takes the bytes of a message to a place that is no member out of the budget of all such places.
    private mutating func charge(_ bytes: Int, _ lane: FrameLane) -> Bool {
        if !self[lane].isActive {
            let limits = settings.strangerQueue
            guard self[lane].queue.count < limits.count, self[lane].queue.bytes + bytes <= limits.bytes else {
                return false
            }
        }
        guard strangerBudget.take(bytes) else { return false }
        charged += bytes
        return true
    }

    /// Gives back what does not wait any more.
    mutating func settle() {
        let surplus = charged - control.queue.bytes - user.queue.bytes
        guard surplus > 0 else { return }
        charged -= surplus
        strangerBudget.giveBack(surplus)
    }

    /// Whether nothing is under way or waits, here or there as far as is known here.
    var isIdle: Bool {
        guard !isMember, !isKept, !isClosing, signals.isEmpty, watches.isEmpty, calls.isEmpty, callers.isEmpty else {
            return false
        }
        return Self.lanes.allSatisfy { lane in
            guard case .idle = self[lane].phase else { return false }
            return self[lane].queue.isEmpty && !self[lane].isDrawing
        }
    }

    /// A look at whether it is of use.
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

    /// Others need its place.
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

    // Made once: they are asked for with each chunk that is written.
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
