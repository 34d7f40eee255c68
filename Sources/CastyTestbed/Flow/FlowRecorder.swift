import CastyActors
package import CastyCore
package import CastyObservability
import CastyRemoting
import Synchronization

/// Records the messages between the nodes of a testbed while someone looks at them.
///
/// A message that arrives is known by its bytes. What happens to it before is matched with the oldest one that it can
/// be: between two nodes, messages of one type to one actor are written in the order in which they were sent.
package final class FlowRecorder: Sendable {
    /// The number of messages that are kept.
    package static let kept = 2_000

    private let state = Mutex(FlowState())
    private let clock: @Sendable () -> Instant

    package init(clock: @escaping @Sendable () -> Instant) {
        self.clock = clock
    }

    /// The latest messages, oldest first.
    package var latest: [MessageCrossing] { state.withLock { Array($0.records.suffix(Self.kept)) } }

    func queued(from: String, to: String, _ message: ObservedMessage, _ content: MessageContent) {
        let now = clock()
        state.withLock { state in
            let id = state.append(
                MessageCrossing(
                    id: state.next, from: from, to: to, content: content, bytes: message.bytes, sentAt: now))
            state.open[FlowState.Direction(from: from, to: to), default: []].append(
                FlowState.Open(
                    id: id, target: message.route.target, type: message.route.type, fingerprint: message.fingerprint))
        }
    }

    func written(from: String, to: String, _ route: MessageRoute, on connection: ObjectIdentifier) {
        state.withLock { state in
            let direction = FlowState.Direction(from: from, to: to)
            guard
                let index = state.open[direction]?.firstIndex(where: { $0.connection == nil && $0.fits(route) })
            else { return }
            state.open[direction]?[index].connection = connection
            if let id = state.open[direction]?[index].id { state.settle(id, .inFlight) }
        }
    }

    func dropped(from: String, to: String, _ route: MessageRoute, _ reason: LossReason) {
        let now = clock()
        state.withLock { state in
            let direction = FlowState.Direction(from: from, to: to)
            let taken = state.take(direction) { $0.connection == nil && $0.fits(route) }
            if let taken { state.settle(taken.id, .lost(at: now, .dropped(reason))) }
        }
    }

    func received(from: String, to: String, _ message: ObservedMessage) {
        let now = clock()
        state.withLock { state in
            let taken = state.take(FlowState.Direction(from: from, to: to)) {
                $0.fingerprint == message.fingerprint && $0.fits(message.route)
            }
            if let taken { state.settle(taken.id, .arrived(at: now)) }
        }
    }

    /// Of what was written to a connection, nothing arrives any more.
    func ended(_ connection: ObjectIdentifier, from: String) {
        let now = clock()
        state.withLock { state in
            state.lose(at: now) { direction, open in
                direction.from == from && open.connection == connection ? .connectionLost : nil
            }
        }
    }

    /// A node has ended: what it sent, and what was written for it, is lost unless it arrived before.
    func ended(node: String) {
        let now = clock()
        state.withLock { state in
            state.lose(at: now) { direction, open in
                if direction.from == node { return .senderGone }
                return direction.to == node && open.connection != nil ? .receiverGone : nil
            }
        }
    }

    /// Gives the messages that were lost with their connection a better reason, where there is one.
    func explain(_ reason: (_ from: String, _ to: String) -> CrossingLoss?) {
        state.withLock { state in
            for id in state.unexplained {
                guard let record = state.record(id), case .lost(let at, .connectionLost) = record.fate,
                    let better = reason(record.from, record.to)
                else { continue }
                state.settle(id, .lost(at: at, better))
            }
            state.unexplained = []
        }
    }
}

/// The messages of a ``FlowRecorder``.
private struct FlowState {
    struct Direction: Hashable {
        var from: String
        var to: String
    }

    /// A message whose end is not known, and what is known of it besides its record.
    struct Open {
        var id: UInt64
        var target: [String]
        var type: String
        var fingerprint: UInt64
        /// Where it was written; `nil` while it waits.
        var connection: ObjectIdentifier?

        func fits(_ route: MessageRoute) -> Bool { type == route.type && target == route.target }
    }

    private(set) var records: [MessageCrossing] = []
    /// The messages whose end is not known, oldest first.
    var open: [Direction: [Open]] = [:]
    private(set) var next: UInt64 = 1
    /// Messages whose connection ended for a reason that has not been looked up.
    var unexplained: [UInt64] = []

    mutating func append(_ record: MessageCrossing) -> UInt64 {
        defer { next += 1 }
        records.append(record)
        if records.count > 2 * FlowRecorder.kept { records.removeFirst(records.count - FlowRecorder.kept) }
        return next
    }

    mutating func take(_ direction: Direction, _ isMeant: (Open) -> Bool) -> Open? {
        guard let index = open[direction]?.firstIndex(where: isMeant) else { return nil }
        return open[direction]?.remove(at: index)
    }

    mutating func lose(at now: Instant, _ loss: (Direction, Open) -> CrossingLoss?) {
        for direction in Array(open.keys) {
            var kept: [Open] = []
            for message in open[direction] ?? [] {
                guard let loss = loss(direction, message) else {
                    kept.append(message)
                    continue
                }
                settle(message.id, .lost(at: now, loss))
                if loss == .connectionLost { unexplained.append(message.id) }
            }
            open[direction] = kept
        }
    }

    func record(_ id: UInt64) -> MessageCrossing? { index(of: id).map { records[$0] } }

    mutating func settle(_ id: UInt64, _ fate: MessageCrossing.Fate) {
        if let index = index(of: id) { records[index].fate = fate }
    }

    /// The numbers are consecutive, and the oldest records go first.
    private func index(of id: UInt64) -> Int? {
        guard let first = records.first?.id, id >= first else { return nil }
        return Int(id - first)
    }
}

/// Observes one node for a recorder.
final class FlowObserver: MessageObserver {
    private let name: String
    private let recorder: FlowRecorder
    private let system: ActorSystem
    private let nameOf: @Sendable (NodeAddress) -> String

    init(_ system: ActorSystem, _ recorder: FlowRecorder, nameOf: @escaping @Sendable (NodeAddress) -> String) {
        name = system.inspector.name
        self.system = system
        self.recorder = recorder
        self.nameOf = nameOf
    }

    func queued(_ message: ObservedMessage) {
        recorder.queued(
            from: name, to: nameOf(message.route.peer), message, message.content(system.registry))
    }

    func written(_ route: MessageRoute, on connection: ObjectIdentifier) {
        recorder.written(from: name, to: nameOf(route.peer), route, on: connection)
    }

    func dropped(_ route: MessageRoute, _ reason: LossReason) {
        recorder.dropped(from: name, to: nameOf(route.peer), route, reason)
    }

    func received(_ message: ObservedMessage) {
        recorder.received(from: nameOf(message.route.peer), to: name, message)
    }

    func ended(_ connection: ObjectIdentifier) { recorder.ended(connection, from: name) }
}
