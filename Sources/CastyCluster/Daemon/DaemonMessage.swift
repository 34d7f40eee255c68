package import CastyCore
package import CastyMembership
import CastyObservability
package import CastySerialization
package import NIOCore

/// A message to the cluster daemon of a node: from other nodes, from its own timers, from people.
package enum DaemonMessage: Sendable {
    /// From another node. Only this case and `page` are sent between nodes.
    case received(ClusterEnvelope)
    indirect case page(EnvelopePage)
    /// The seeds have changed.
    case seeds([NodeAddress])
    indirect case start(seeds: [NodeAddress], mayFound: Bool, remembered: RememberedCluster?)
    case timer(TimerKey, generation: UInt64)
    case declare(SharedSetting)
    case leave
    case down(NodeAddress)
    case exitTasksDone
    case leaseAnswered(number: UInt64, Result<Bool, LeaseError>)
    case contactFailed(NodeAddress)
    case wrongNode(NodeAddress, answer: String)
    case notTrusted(NodeAddress, reason: String)
    /// The node cannot go on, for a reason outside the membership.
    case fail(String)
    case incarnationGone(UniqueAddress)
}

extension DaemonMessage {
    /// The message of another node, and its sender.
    var received: (message: ClusterMessage, from: UniqueAddress)? {
        switch self {
        case .received(let envelope): (envelope.message, envelope.from)
        case .page, .start, .seeds, .declare, .timer, .leave, .down, .exitTasksDone, .contactFailed, .wrongNode,
            .notTrusted, .fail, .incarnationGone, .leaseAnswered:
            nil
        }
    }
}

/// One message between the cluster daemons of two nodes.
package struct ClusterEnvelope: Hashable, Sendable {
    /// The sender.
    package let from: UniqueAddress
    /// The incarnation it is for; `nil` for any process that listens at the address.
    package let to: UniqueAddress?
    package let message: ClusterMessage
    /// The encoded state that the message carries, where it is encoded already.
    private let gossip: ByteBuffer?

    package init(from: UniqueAddress, to: UniqueAddress?, message: ClusterMessage, gossip: ByteBuffer? = nil) {
        self.from = from
        self.to = to
        self.message = message
        self.gossip = gossip
    }
}

extension ClusterEnvelope: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        from.encode(into: &buffer)
        buffer.writeOptional(to)
        message.encode(into: &buffer, gossip: gossip)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(
            from: try UniqueAddress(from: &buffer), to: try buffer.readOptional(UniqueAddress.self),
            message: try ClusterMessage(from: &buffer))
    }
}

extension DaemonMessage {
    private enum Form: UInt8 { case envelope = 0, page }

    /// Daemons exchange envelopes, whole or in pages, and nothing else.
    package static let codec = MessageCodec<DaemonMessage>(
        encode: { message, _, buffer in
            switch message {
            case .received(let envelope):
                buffer.writeInteger(Form.envelope.rawValue)
                envelope.encode(into: &buffer)
            case .page(let page):
                buffer.writeInteger(Form.page.rawValue)
                page.encode(into: &buffer)
            case .start, .seeds, .declare, .timer, .leave, .down, .exitTasksDone, .leaseAnswered, .contactFailed,
                .wrongNode, .notTrusted, .fail, .incarnationGone:
                throw WireError(.notEncodable, "only envelopes travel between cluster daemons")
            }
        },
        decode: { buffer, context in
            let byte = try buffer.readByte()
            switch Form(rawValue: byte) {
            case .envelope:
                let envelope = try ClusterEnvelope(from: &buffer)
                try context.require(sender: envelope.from)
                return .received(envelope)
            case .page:
                let page = try EnvelopePage(from: &buffer)
                try context.require(sender: page.from)
                return .page(page)
            case nil: throw WireError(.malformed, "\(byte) is no form of an envelope")
            }
        })
}
