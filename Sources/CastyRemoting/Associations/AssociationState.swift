import CastyActors
import CastyInspection
import CastyPrimitives
import CastyWire
import NIOCore

/// What an association knows; each function decides one thing that can happen.
struct AssociationState: Sendable {
    enum Phase: Sendable {
        case idle
        /// A connection is about to be dialled.
        case starting
        case dialling(Link)
        case active(Link)
        /// For the time of the next attempt.
        case waiting
        case closed
    }

    let place: NodeAddress
    let settings: RemotingSettings
    var phase = Phase.idle
    /// The incarnation that introduced itself last.
    var peer: UniqueAddress?
    /// Whether it knows what a call is.
    var isCallable = false
    /// Connections with it beside the one that stands: dialled here for a call, and those on which it calls, the oldest
    /// first.
    var calls: [Link] = []
    var callers: [Link] = []
    /// Former incarnations; what comes from one of them comes late.
    var former: [UInt64] = []
    /// The incarnation that the cluster has removed, until another lives here.
    var removed: UniqueAddress?
    var user: Lane
    var control: Lane
    var signals = SignalWindow()
    var watches = WatchTable()
    var isKept = false
    var isClosing = false
    /// Whether a connection has been asked to take bytes and has not yet found none.
    var isWriteRequested = false
    /// Whether a connection draws from the lanes at this moment.
    var isDrawing = false
    /// What is to be purged from the lanes when the drawing ends.
    var purges: [Purge] = []
    var owesPing = false
    var failures = 0
    var attempt: UInt64 = 0
    var bytesSeen: UInt64 = 0
    var bytesOutSeen: UInt64 = 0
    var misses = 0
    var figures = Figures()
    var chance: SeededGenerator

    struct Figures: Sendable {
        var framesOut: UInt64 = 0
        var bytesOut: UInt64 = 0
        var connections = 0
    }

    /// Frames to take out of the lanes.
    struct Purge: Sendable {
        var reason: LossReason
        /// Only those that are meant for one incarnation.
        var onlyNumbered: Bool
    }

    init(place: NodeAddress, settings: RemotingSettings, chance: SeededGenerator) {
        self.place = place
        self.settings = settings
        self.chance = chance
        user = Lane(limits: settings.userQueue)
        control = Lane(limits: settings.controlQueue)
    }

    /// Whether nobody listens at the place: an observer dials, and is not dialled.
    var isDeaf: Bool { place.port == 0 }

    var isActive: Bool { if case .active = phase { true } else { false } }

    /// Whether a connection is needed.
    var wantsConnection: Bool { isKept || !user.isEmpty || !control.isEmpty || !signals.isEmpty }

    /// What is asked of the connection now that there is something to say.
    mutating func nextStep() -> NextStep {
        switch phase {
        case .active(let link):
            if isWriteRequested { return .none }
            isWriteRequested = true
            return .write(link)
        case .idle:
            if isDeaf { return .none }
            phase = .starting
            return .dial
        case .starting, .dialling, .waiting, .closed: return .none
        }
    }

    mutating func enqueue(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer
    ) -> (Delivery, NextStep) {
        if isClosing || (removed != nil && destination.address.uid != 0) { return (.unreachable, .none) }
        if isDeaf, !isActive { return (.unreachable, .none) }
        let delivery =
            switch destination.lane {
            case .control: control.append(destination, codec, lossClass, payload)
            case .user: user.append(destination, codec, lossClass, payload)
            }
        guard case .accepted = delivery else { return (delivery, .none) }
        return (.accepted, nextStep())
    }

    mutating func keep(_ isKept: Bool) -> NextStep {
        self.isKept = isKept
        guard isKept, !isClosing, case .idle = phase else { return .none }
        return nextStep()
    }

    mutating func expect(_ incarnation: UniqueAddress) {
        if let removed, removed != incarnation { self.removed = nil }
    }

    /// Takes frames out of the lanes, at once or as soon as no connection draws from them.
    mutating func purge(_ purge: Purge) -> [Effect] {
        guard !isDrawing else {
            purges.append(purge)
            return []
        }
        let lost =
            control.remove { !purge.onlyNumbered || $0.destination.address.uid != 0 }
            + user.remove { !purge.onlyNumbered || $0.destination.address.uid != 0 }
        return lost.isEmpty ? [] : [.lose(lost, purge.reason)]
    }

    /// The incarnation is gone: its signals, its watches, what waits for its actors.
    mutating func dropIncarnation() -> [Effect] {
        signals = SignalWindow()
        var effects = endCalls()
        effects += purge(Purge(reason: .wrongIncarnation, onlyNumbered: true))
        effects += watches.removeAll().map { .terminated($0) }
        effects.append(.failAsks)
        return effects
    }
}
