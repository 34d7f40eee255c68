import CastyActors
import CastyInspection
import CastyPrimitives
import CastyWire
import NIOCore

/// What an association knows; each function decides one thing that can happen.
struct AssociationState: Sendable {
    let place: NodeAddress
    let settings: RemotingSettings
    /// This node cannot be dialled: one connection, dialled from here, carries both lanes.
    let dialsOneConnection: Bool
    var control: LaneState
    var user: LaneState
    /// The incarnation that introduced itself last.
    var peer: UniqueAddress?
    /// Whether it knows what a call is.
    var isCallable = false
    /// Connections with it beside those that stand: dialled here for a call, and those on which it calls, the oldest
    /// first.
    var calls: [Link] = []
    var callers: [Link] = []
    /// Former incarnations; what comes from one of them comes late.
    var former: [UInt64] = []
    /// The incarnation that the cluster has removed, until another lives here.
    var removed: UniqueAddress?
    var signals = SignalWindow()
    var watches = WatchTable()
    var isKept = false
    var isClosing = false
    var framesOut: UInt64 = 0
    var chance: SeededGenerator

    init(place: NodeAddress, settings: RemotingSettings, dialsOneConnection: Bool = false, chance: SeededGenerator) {
        self.place = place
        self.settings = settings
        self.dialsOneConnection = dialsOneConnection
        self.chance = chance
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
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer
    ) -> (Delivery, NextStep) {
        if isClosing || (removed != nil && destination.address.uid != 0) { return (.unreachable, .none) }
        let lane = destination.lane
        if isDeaf, !self[lane].isActive { return (.unreachable, .none) }
        let delivery =
            switch lane {
            case .control: control.queue.append(destination, codec, lossClass, payload)
            case .user: user.queue.append(destination, codec, lossClass, payload)
            }
        guard case .accepted = delivery else { return (delivery, .none) }
        return (.accepted, nextStep(lane))
    }

    mutating func keep(_ isKept: Bool) -> NextStep {
        self.isKept = isKept
        guard isKept, !isClosing, case .idle = control.phase else { return .none }
        return nextStep(.control)
    }

    mutating func expect(_ incarnation: UniqueAddress) {
        if let removed, removed != incarnation { self.removed = nil }
    }

    /// Takes frames out of both lanes, at once or as soon as no connection draws from them.
    mutating func purge(_ reason: LossReason, onlyNumbered: Bool) -> [Effect] {
        let purge = LaneState.Purge(reason: reason, onlyNumbered: onlyNumbered)
        return control.purge(purge) + user.purge(purge)
    }

    /// The incarnation is gone: its signals, its watches, what waits for its actors.
    mutating func dropIncarnation() -> [Effect] {
        signals = SignalWindow()
        var effects = endCalls()
        effects += purge(.wrongIncarnation, onlyNumbered: true)
        effects += watches.removeAll().map { .terminated($0) }
        effects.append(.failAsks)
        return effects
    }
}

extension ConnectionLanes {
    init(_ lane: FrameLane) {
        switch lane {
        case .control: self = .control
        case .user: self = .user
        }
    }

    /// The lanes that a connection carries.
    var all: [FrameLane] {
        switch self {
        case .both: AssociationState.lanes
        case .control: [.control]
        case .user: [.user]
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
