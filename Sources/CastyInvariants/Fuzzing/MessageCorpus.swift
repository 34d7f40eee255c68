import CastyCore
import CastyObservability
import CastyRemoting
import CastySerialization
import NIOCore
import Synchronization

/// Real messages between nodes, from which a fuzzer makes its own: some of each kind, as they were on the wire.
final class MessageCorpus: MessageObserver {
    /// A message without its address.
    struct Sample: Sendable {
        let receiver: NodeAddress
        let path: [String]
        let type: String
        let codec: CodecID
        var payload: [UInt8]
    }

    /// Messages are of one kind where they differ only in their numbers. That many of each are enough.
    private static let ofEachKind = 4
    private static let most = 4096

    private struct State {
        var samples: [Sample] = []
        var counts: [String: Int] = [:]
    }

    private let registry: TypeRegistry
    private let state = Mutex(State())

    init(_ registry: TypeRegistry) {
        self.registry = registry
    }

    /// The messages in the order in which they were seen.
    var samples: [Sample] { state.withLock { $0.samples } }

    func queued(_ message: ObservedMessage) {
        let content = "\(message.content(registry))".unicodeScalars.filter { !("0"..."9").contains($0) }
        let kind = "\(message.route.type) \(String(String.UnicodeScalarView(content)).prefix(120))"
        state.withLock { state in
            guard state.samples.count < Self.most, state.counts[kind, default: 0] < Self.ofEachKind else { return }
            state.counts[kind, default: 0] += 1
            state.samples.append(
                Sample(
                    receiver: message.route.peer, path: message.route.target, type: message.route.type,
                    codec: message.codec,
                    payload: Array(message.payload.readableBytesView)))
        }
    }

    func written(_ route: MessageRoute, on connection: ObjectIdentifier) {}
    func dropped(_ route: MessageRoute, _ reason: LossReason) {}
    func received(_ message: ObservedMessage) {}
    func ended(_ connection: ObjectIdentifier) {}
}

extension MessageCorpus.Sample {
    /// The same message, sent by a peer to a node: where it names its receiver it names that node, and where it names
    /// any other node, the peer. Hosts of another length are left as they are, because lengths come before them.
    func sent(by peer: UniqueAddress, to node: UniqueAddress, among nodes: [UniqueAddress]) -> MessageCorpus.Sample {
        let changes = nodes.flatMap { known -> [(from: [UInt8], to: [UInt8])] in
            let successor = known.address == receiver ? node : peer
            return [
                (Array(known.address.host.utf8), Array(successor.address.host.utf8)),
                (Self.bytes(of: known.incarnation), Self.bytes(of: successor.incarnation)),
            ].filter { $0.0.count == $0.1.count }
        }
        var changed = self
        var index = 0
        while index < payload.count {
            let rest = payload[index...]
            guard let change = changes.first(where: { rest.starts(with: $0.from) }) else {
                index += 1
                continue
            }
            changed.payload.replaceSubrange(index..<index + change.to.count, with: change.to)
            index += change.to.count
        }
        return changed
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }
}
