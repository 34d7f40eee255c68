import CastyActors
package import CastyCore
package import CastyObservability
import CastyRemoting
import Synchronization

/// Records the messages between the nodes of a testbed while someone looks at them.
///
/// A message that arrives is matched with the oldest one in flight that looks the same: between two nodes, messages of
/// one type to one actor arrive in the order in which they were written.
package final class FlowRecorder: Sendable {
    /// The number of messages that are kept.
    package static let kept = 2_000

    /// What is known of a message besides its record.
    fileprivate struct Sent {
        var id: UInt64
        var target: [String]
        var type: String
        var connection: ObjectIdentifier
    }

    fileprivate struct Route: Hashable {
        var from: String
        var to: String
    }

    fileprivate struct State {
        var records: [MessageCrossing] = []
        /// The messages that have not arrived, oldest first, by route.
        var inFlight: [Route: [Sent]] = [:]
        var next: UInt64 = 1
        /// Messages whose connection ended for a reason that has not been looked up.
        var unexplained: [UInt64] = []
    }

    private let state = Mutex(State())
    private let clock: @Sendable () -> Instant

    package init(clock: @escaping @Sendable () -> Instant) {
        self.clock = clock
    }

    /// The latest messages, oldest first.
    package var latest: [MessageCrossing] { state.withLock { Array($0.records.suffix(Self.kept)) } }

    func sent(
        from: String, to: String, _ content: MessageContent, _ message: ObservedMessage, on connection: ObjectIdentifier
    ) {
        let now = clock()
        state.withLock { state in
            let id = state.next
            state.next += 1
            state.records.append(
                MessageCrossing(
                    id: id, from: from, to: to, content: content, bytes: message.bytes, sentAt: now))
            if state.records.count > 2 * Self.kept { state.records.removeFirst(state.records.count - Self.kept) }
            state.inFlight[Route(from: from, to: to), default: []].append(
                Sent(id: id, target: message.target, type: message.type, connection: connection))
        }
    }

    func received(from: String, to: String, _ message: ObservedMessage) {
        let now = clock()
        state.withLock { state in
            let route = Route(from: from, to: to)
            guard
                let index = state.inFlight[route]?.firstIndex(where: {
                    $0.type == message.type && $0.target == message.target
                }), let sent = state.inFlight[route]?.remove(at: index)
            else { return }
            state.settle(sent.id, .arrived(at: now))
        }
    }

    /// Of what was written to a connection, nothing arrives any more.
    func ended(_ connection: ObjectIdentifier, from: String) {
        lose(at: clock()) { route, sent in
            route.from == from && sent.connection == connection ? .connectionLost : nil
        }
    }

    /// A node has ended: what it sent and what was sent to it is lost, unless it arrived before.
    func ended(node: String) {
        lose(at: clock()) { route, _ in
            route.to == node ? .receiverGone : route.from == node ? .senderGone : nil
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

    private func lose(at now: Instant, _ loss: (Route, Sent) -> CrossingLoss?) {
        state.withLock { state in
            for route in state.inFlight.keys {
                var kept: [Sent] = []
                for sent in state.inFlight[route] ?? [] {
                    if let loss = loss(route, sent) {
                        state.settle(sent.id, .lost(at: now, loss))
                        if loss == .connectionLost { state.unexplained.append(sent.id) }
                    } else {
                        kept.append(sent)
                    }
                }
                state.inFlight[route] = kept
            }
        }
    }
}

extension FlowRecorder.State {
    fileprivate func record(_ id: UInt64) -> MessageCrossing? { place(of: id).map { records[$0] } }

    fileprivate mutating func settle(_ id: UInt64, _ fate: MessageCrossing.Fate) {
        if let place = place(of: id) { records[place].fate = fate }
    }

    /// The numbers are consecutive, and the oldest records go first.
    private func place(of id: UInt64) -> Int? {
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

    func sent(_ message: ObservedMessage, on connection: ObjectIdentifier) {
        recorder.sent(from: name, to: nameOf(message.peer), message.content(system.registry), message, on: connection)
    }

    func received(_ message: ObservedMessage) {
        recorder.received(from: nameOf(message.peer), to: name, message)
    }

    func ended(_ connection: ObjectIdentifier) { recorder.ended(connection, from: name) }
}
