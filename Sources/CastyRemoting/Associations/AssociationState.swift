import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore

/// The state of an association. Each function decides about one event.
struct AssociationState: Sendable {
    let address: NodeAddress
    let settings: RemotingSettings
    /// This node cannot be dialled: one connection, dialled from here, carries both lanes.
    let dialsOneConnection: Bool
    var control: LaneState
    var user: LaneState
    /// The number of frames written to the peer.
    var framesOut: UInt64 = 0

    var identity = PeerIdentity()
    var lifecycle = Lifecycle.attached
    var tenure = Tenure.nonMember(idleSweeps: 0, charged: 0)
    let nonMemberBudget: ByteBudget
    /// Whether a connection to the peer is requested.
    var isKept = false

    var probeConnections = ProbeConnections()
    var signals = SignalWindow()
    var watches = WatchTable()
    /// What the peer watches here.
    var held = HeldWatches()
    var generator: SeededGenerator

    init(
        address: NodeAddress, settings: RemotingSettings, dialsOneConnection: Bool = false, nonMemberBudget: ByteBudget,
        generator: SeededGenerator
    ) {
        self.nonMemberBudget = nonMemberBudget
        self.address = address
        self.settings = settings
        self.dialsOneConnection = dialsOneConnection
        self.generator = generator
        control = LaneState(limits: settings.controlQueue)
        user = LaneState(limits: settings.userQueue)
    }

    static let lanes: [FrameLane] = [.control, .user]

    subscript(lane: FrameLane) -> LaneState {
        // Lends the lane: a copy would retain and release all that its queue refers to, for each flag that is read.
        _read {
            switch lane {
            case .control: yield control
            case .user: yield user
            }
        }
        _modify {
            switch lane {
            case .control: yield &control
            case .user: yield &user
            }
        }
    }

    var peer: UniqueAddress? { identity.known?.address }
    var isMember: Bool { tenure.isMember }
    var isDetached: Bool { lifecycle == .detached }
    var isClosing: Bool { lifecycle == .closing }

    /// Whether no node listens at the address: an observer dials and cannot be dialled.
    var cannotBeDialled: Bool { address.port == 0 }

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
        let need =
            switch lane {
            case .control: control.requestWrite()
            case .user: user.requestWrite()
            }
        switch need {
        case .nothing: return .none
        case .write(let link): return .write(link)
        case .connection: return cannotBeDialled ? .none : startDialling(lane)
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
        if isDetached { return (.refused(.unreachable), .moved) }
        if isClosing || (identity.removed != nil && destination.address.uid != 0) {
            return (.refused(.unreachable), .none)
        }
        let lane = destination.lane
        if cannotBeDialled, !self[lane].isActive { return (.refused(.unreachable), .none) }
        if !isMember, !charge(QueuedFrame.bound(payload.readableBytes, destination, asker), lane) {
            return (.refused(.bufferFull), .none)
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
        var effects = endProbeConnections()
        effects += purge(.wrongIncarnation, onlyNumbered: true)
        effects += endWatches(keepingLatest: successor != nil && successor == identity.expected) + endHeld()
        settle()
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
